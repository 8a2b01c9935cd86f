"""Where a rule may be broken, and why: the one place for it.

An exception holds for a rule, for resources whose logical name matches, and for the subjects
listed. `given` are patterns of which each must match a fact of the place (an IAM statement's
condition): without the condition the exception does not hold.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ops.rules.rule import Finding


@dataclass(frozen=True)
class Allowed:
    """One exception. Patterns are those of fnmatch; a star in a subject is written `[*]`."""

    rule: str
    resource: str
    subjects: tuple[str, ...]
    reason: str
    given: tuple[str, ...] = ()

    def covers(self, finding: Finding) -> bool:
        """Whether the finding is this exception's."""
        return (
            finding.rule.id == self.rule
            and fnmatchcase(finding.name, self.resource)
            and any(fnmatchcase(finding.broken.subject, one) for one in self.subjects)
            and all(
                any(fnmatchcase(fact, wanted) for fact in finding.broken.given)
                for wanted in self.given
            )
        )


def _on(sid: str, actions: Iterable[str], resources: Iterable[str]) -> tuple[str, ...]:
    """The subjects of a statement: each action on each resource."""
    wide = [resource.replace("*", "[*]") for resource in resources]
    return tuple(f"{sid}: {action} on {one}" for action in actions for one in wide)


_LAUNCH = ("ec2:RunInstances", "ec2:CreateFleet")
_LAUNCHED = (
    "fleet/*",
    "instance/*",
    "volume/*",
    "network-interface/*",
    "launch-template/*",
    "spot-instances-request/*",
)
_OWNED = (
    "StringEquals aws:ResourceTag/kubernetes.io/cluster/*=owned",
    "StringLike aws:ResourceTag/karpenter.sh/nodepool=[*]",
)
_ASKED = (
    "StringEquals aws:RequestTag/kubernetes.io/cluster/*=owned",
    "StringEquals aws:RequestTag/eks:eks-cluster-name=?*",
    "StringLike aws:RequestTag/karpenter.sh/nodepool=[*]",
)
_PROFILE_OWNED = (
    "StringEquals aws:ResourceTag/kubernetes.io/cluster/*=owned",
    "StringEquals aws:ResourceTag/topology.kubernetes.io/region=?*",
    "StringLike aws:ResourceTag/karpenter.k8s.aws/ec2nodeclass=[*]",
)
_PROFILE_ASKED = (
    "StringEquals aws:RequestTag/kubernetes.io/cluster/*=owned",
    "StringEquals aws:RequestTag/eks:eks-cluster-name=?*",
    "StringEquals aws:RequestTag/topology.kubernetes.io/region=?*",
    "StringLike aws:RequestTag/karpenter.k8s.aws/ec2nodeclass=[*]",
)
_PROFILES = ("instance-profile/*",)
_WIDE = "iam-resource-wildcard"

EXCEPTIONS = (
    Allowed(
        "iam-action-wildcard",
        "*",
        ("OwnAccountManagesKey: kms:[*]",),
        "The key's own policy gives the account the right to decide by IAM: AWS' default, without "
        "which nobody can manage the key.",
    ),
    Allowed(
        _WIDE,
        "*",
        ("OwnAccountManagesKey: kms:[*] on [*]",),
        "In a key's policy the star is the key itself.",
    ),
    Allowed(
        _WIDE,
        "karpenter-controller-nodes",
        _on(
            "LaunchFromIngredients",
            _LAUNCH,
            (
                "image/*",
                "snapshot/*",
                "security-group/*",
                "subnet/*",
                "capacity-reservation/*",
                "placement-group/*",
            ),
        ),
        "What a launch is made from belongs to AWS or has no owner's tag; nothing of it is "
        "changed by a launch.",
    ),
    Allowed(
        _WIDE,
        "karpenter-controller-nodes",
        _on("LaunchFromOwnTemplates", _LAUNCH, ("launch-template/*",)),
        "Karpenter makes the templates; only those with this cluster's tag.",
        _OWNED,
    ),
    Allowed(
        _WIDE,
        "karpenter-controller-nodes",
        _on("LaunchTagged", (*_LAUNCH, "ec2:CreateLaunchTemplate"), _LAUNCHED),
        "What is launched has no name yet: it must carry this cluster's tags.",
        _ASKED,
    ),
    Allowed(
        _WIDE,
        "karpenter-controller-nodes",
        _on("TagOnLaunch", ("ec2:CreateTags",), _LAUNCHED),
        "Tags only while launching, and only this cluster's: else Karpenter could tag, and so "
        "own, any instance.",
        (*_ASKED, "StringEquals ec2:CreateAction=RunInstances,CreateFleet,CreateLaunchTemplate"),
    ),
    Allowed(
        _WIDE,
        "karpenter-controller-nodes",
        _on("TagOwnInstances", ("ec2:CreateTags",), ("instance/*",)),
        "Three tags, on instances of this cluster.",
        (
            *_OWNED,
            "ForAllValues:StringEquals aws:TagKeys=?*",
            "StringEqualsIfExists aws:RequestTag/eks:eks-cluster-name=?*",
        ),
    ),
    Allowed(
        _WIDE,
        "karpenter-controller-nodes",
        _on(
            "DeleteOwn",
            ("ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"),
            ("instance/*", "launch-template/*"),
        ),
        "Instances and templates of this cluster.",
        _OWNED,
    ),
    Allowed(
        _WIDE,
        "karpenter-controller-profiles",
        _on("CreateProfiles", ("iam:CreateInstanceProfile",), _PROFILES),
        "Karpenter names profiles by a hash: they must carry this cluster's tags.",
        _PROFILE_ASKED,
    ),
    Allowed(
        _WIDE,
        "karpenter-controller-profiles",
        _on("TagProfiles", ("iam:TagInstanceProfile",), _PROFILES),
        "Profiles of this cluster, which stay its own.",
        (*_PROFILE_OWNED, *_PROFILE_ASKED),
    ),
    Allowed(
        _WIDE,
        "karpenter-controller-profiles",
        _on(
            "UseProfiles",
            (
                "iam:AddRoleToInstanceProfile",
                "iam:RemoveRoleFromInstanceProfile",
                "iam:DeleteInstanceProfile",
            ),
            _PROFILES,
        ),
        "Profiles of this cluster.",
        _PROFILE_OWNED,
    ),
    Allowed(
        _WIDE,
        "karpenter-controller-profiles",
        (
            *_on("ReadProfiles", ("iam:GetInstanceProfile",), _PROFILES),
            *_on("ListProfiles", ("iam:ListInstanceProfiles",), ("*",)),
        ),
        "Karpenter looks for what is left of a node class before it lets it go; IAM lists "
        "profiles without regard to a resource, and reading one gives no right.",
    ),
    Allowed(
        _WIDE,
        "karpenter-controller-discovery",
        ("DescribeInRegion: ec2:Describe* on [*]",),
        "EC2's Describe actions know no resources: the region is the bound.",
        ("StringEquals aws:RequestedRegion=?*",),
    ),
    Allowed(
        _WIDE,
        "karpenter-controller-discovery",
        ("ReadPrices: pricing:GetProducts on [*]",),
        "The price list is public and has no resources.",
    ),
    Allowed(
        _WIDE,
        "cluster-autoscaler-controller-scale",
        (
            "Discover: autoscaling:Describe* on [*]",
            "Discover: ec2:Describe* on [*]",
            "Discover: ec2:GetInstanceTypesFromInstanceRequirements on [*]",
        ),
        "Describe actions of EC2 and Auto Scaling know no resources.",
    ),
    Allowed(
        _WIDE,
        "cluster-autoscaler-controller-scale",
        _on(
            "ScaleOwnGroups",
            ("autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"),
            ("*",),
        ),
        "EKS names the groups and nobody knows the names beforehand: only those with this "
        "cluster's tag.",
        ("StringEquals aws:ResourceTag/k8s.io/cluster-autoscaler/*=owned",),
    ),
    Allowed(
        "pod-host-access",
        "jar-mount-daemon",
        ("hostPID", "hostPath /", "capability SYS_CHROOT", "SELinux spc_t"),
        "It mounts the JARs on given nodes: it writes their files and speaks to their systemd, in "
        "a namespace where nothing else runs, and without the privileged flag.",
    ),
    Allowed(
        "pod-hardened",
        "jar-mount-daemon",
        ("watch runAsNonRoot", "watch seccompProfile.type"),
        "Root, to write the node's files and to be heard by its systemd; the runtime's seccomp "
        "profile was not tried with it.",
    ),
    Allowed(
        "budget-for-replicas",
        "cluster-addons-metrics-server",
        ("budget",),
        "Without it for a minute, only `kubectl top` and scaling by metrics wait; whether the "
        "add-on takes a budget in its configuration could not be looked up.",
    ),
    Allowed(
        "budget-for-replicas",
        "yunikorn-release",
        ("budget",),
        "The chart (1.8.0) has no value for one; the scheduler runs once, and its admission "
        "controller's two replicas are on two nodes.",
    ),
)
