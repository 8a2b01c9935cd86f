"""Permissions are compared by effect, not by wording."""

import json
from typing import Any

import pytest

from ops.diff.diff import compare
from ops.diff.impact import Consequence, Kind, consequences
from ops.plan.iam_grants import grants_of, not_covered, sentences
from ops.plan.model import Plan
from tests.ops.diff.plans import kubernetes, plan, resource

ROLE = "aws:iam/role:Role"
BUCKET = "arn:aws:s3:::jars"


def allow(actions: Any, resources: Any = BUCKET, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def more_and_less(old: str, new: str) -> tuple[list[str], list[str]]:
    before, after = list(grants_of(old, "p")), list(grants_of(new, "p"))
    return sentences(not_covered(after, before)), sentences(not_covered(before, after))


def wider_permissions(old: Plan, new: Plan) -> list[Consequence]:
    found = consequences(compare(old, new))
    return [one for one in found if one.kind is Kind.wider]


TLS = {"StringEquals": {"aws:PrincipalTag/team": ["a", "b"]}}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (policy(allow(["s3:Get", "s3:Put"])), policy(allow(["s3:Put", "s3:Get"]))),
        (policy(allow(["s3:Get", "s3:Put"])), policy(allow("s3:Get"), allow("s3:Put"))),
        (policy(allow("s3:Get")), policy(allow(["S3:get"], [BUCKET], Sid="Other"))),
        (policy(allow("s3:*"), allow("s3:Get")), policy(allow("s3:*"))),
        (
            policy(allow("s3:Get", Condition={"Bool": {"aws:SecureTransport": True}})),
            policy(allow("s3:Get", Condition={"Bool": {"AWS:securetransport": ["true"]}})),
        ),
        (
            policy(allow("s3:Get", Principal={"AWS": ["a", "b"]})),
            policy(
                allow("s3:Get", Principal={"AWS": "b"}), allow("s3:Get", Principal={"AWS": "a"})
            ),
        ),
    ],
)
def test_the_same_rights_in_other_words_are_no_change(old: str, new: str):
    assert more_and_less(old, new) == ([], [])


@pytest.mark.parametrize(
    ("old", "new", "more", "less"),
    [
        (allow("s3:Get"), allow(["s3:Get", "s3:Put"]), [f"may s3:Put on {BUCKET}"], []),
        (allow("s3:GetObject"), allow("s3:*"), [f"may s3:* on {BUCKET}"], []),
        (allow("s3:*"), allow("s3:Get*"), [], [f"may s3:* on {BUCKET}"]),
        (allow("s3:Get"), allow("s3:Get", Condition=TLS), [], [f"may s3:Get on {BUCKET}"]),
        (
            allow("s3:Get", f"{BUCKET}/spark/*"),
            allow("s3:Get", f"{BUCKET}/*"),
            [f"may s3:Get on {BUCKET}/*"],
            [],
        ),
        (
            allow("s3:Get", Condition={"StringLike": {"s3:prefix": ["a/*"]}}),
            allow("s3:Get", Condition={"StringLike": {"s3:prefix": ["a/*", "b/*"]}}),
            [f"may s3:Get on {BUCKET} when s3:prefix StringLike a/* or b/*"],
            [],
        ),
        (
            {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"},
            allow("s3:Get", "*"),
            ["may s3:Get on *"],
            ["may !iam:* on *"],
        ),
        (
            {"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"},
            {"Effect": "Allow", "NotAction": ["s3:*", "iam:*"], "Resource": "*"},
            ["may !iam:*|s3:* on *"],
            ["may !iam:* on *"],
        ),
    ],
)
def test_wider_and_narrower_permissions_are_reported(old, new, more, less):
    assert more_and_less(policy(old), policy(new)) == (more, less)


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"Version": "2012-10-17"}', '{"Statement": [1, "x"]}']
)
def test_a_text_that_is_no_policy_grants_nothing(text: str):
    assert list(grants_of(text, "p")) == []


def test_a_statement_without_an_effect_grants_nothing():
    assert list(grants_of({"Statement": {"Action": "s3:Get", "Resource": BUCKET}}, "p")) == []


def test_a_statement_may_stand_alone_and_a_policy_be_an_object():
    (grant,) = grants_of({"Statement": allow("s3:Get")}, "p")
    assert (grant.action, grant.resource, grant.source) == ("s3:Get", BUCKET, "p")


def test_an_inline_policy_of_a_role_is_a_right_of_the_role():
    def platform(*actions: str) -> Plan:
        inline = {"name": "i", "policy": policy(*(allow(one) for one in actions))}
        return plan(resource(ROLE, "r", {"inlinePolicies": [inline]}))

    (wider,) = wider_permissions(platform("s3:Get"), platform("s3:Get", "s3:Put"))
    assert (wider.text, wider.details) == (
        "wider permission: role r (may now)",
        (f"may s3:Put on {BUCKET}",),
    )


def test_a_policy_for_a_user_is_reported_under_the_user():
    def platform(*actions: str) -> Plan:
        inputs = {"user": "ci", "policy": policy(*(allow(one) for one in actions))}
        return plan(resource("aws:iam/userPolicy:UserPolicy", "p", inputs))

    (wider,) = wider_permissions(platform(), platform("s3:Get"))
    assert wider.text == "wider permission: user ci (may now)"


def test_a_right_that_moves_to_another_policy_of_the_same_role_is_no_change():
    def platform(name: str) -> Plan:
        role = resource(ROLE, "r", {"assumeRolePolicy": policy()})
        own = resource("aws:iam/policy:Policy", name, {"policy": policy(allow("s3:Get"))})
        attached = resource(
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
            name,
            {"role": "r", "policyArn": f"arn:{name}"},
            property_dependencies={"policyArn": (own.urn,)},
        )
        return plan(role, own, attached)

    found = consequences(compare(platform("one"), platform("other")))
    assert [one.kind for one in found] == [Kind.jobs_unaffected]


def test_a_removed_deny_is_a_wider_permission():
    deny = {**allow("s3:*"), "Effect": "Deny", "Principal": "*"}

    def platform(*statements: dict[str, Any]) -> Plan:
        inputs = {"bucket": "jars", "policy": policy(*statements)}
        return plan(resource("aws:s3/bucketPolicy:BucketPolicy", "p", inputs))

    (wider, _) = consequences(compare(platform(deny), platform()))
    assert (wider.kind, wider.text) == (Kind.wider, "wider permission: bucket jars (may now)")
    assert wider.details == (f"no longer: * may not s3:* on {BUCKET}",)
    found = {one.kind for one in consequences(compare(platform(), platform(deny)))}
    assert found == {Kind.narrower, Kind.jobs_affected}


def test_a_trust_policy_lists_the_principals_of_the_role():
    def platform(service: str) -> Plan:
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
        return plan(resource(ROLE, "r", {"assumeRolePolicy": policy(trust)}))

    found = consequences(compare(platform("ec2.amazonaws.com"), platform("ssm.amazonaws.com")))
    assert found[0].kind is Kind.jobs_unknown  # what may no longer assume it
    assert found[1].text == "wider permission: role r (may now)"
    assert found[1].details == ("ssm.amazonaws.com may sts:AssumeRole",)


def test_rights_in_the_cluster_are_those_of_the_subjects_of_bindings():
    def platform(*verbs: str) -> Plan:
        rules = [{"apiGroups": ["apps"], "resources": ["daemonsets"], "verbs": list(verbs)}]
        group = "rbac.authorization.k8s.io/v1"
        role = kubernetes("ClusterRole", "watch", {"rules": rules}, group=group)
        binding = {
            "metadata": {"name": "b", "namespace": "jars"},
            "roleRef": {"kind": "ClusterRole", "name": "watch"},
            "subjects": [{"kind": "ServiceAccount", "name": "w", "namespace": "jars"}],
        }
        return plan(role, kubernetes("RoleBinding", "b", binding, group=group))

    found = consequences(compare(platform("get"), platform("get", "patch")))
    assert found[0].text == "wider permission: ServiceAccount jars/w (may now)"
    assert found[0].details == ("may patch on daemonsets.apps in jars",)
