"""For rules on drills: changes that violate them."""

from tests.ops.rules.changes import GONE, Break, put
from tests.plans import DRILL

_T, _P, _R = "ExperimentTemplate", "Policy", "Role"
_INTERRUPT, _ROLE = "karpenter-spot-drill-interrupt", "karpenter-spot-drill-role"
_TAGS = "policy!Statement[0].Condition.StringEquals"
_ENDS = [{"key": "durationBeforeInterruption", "value": "PT5M"}]
_CLUSTER = {"key": "kubernetes.io/cluster/spark-dev", "value": "owned"}
_POOL = {"key": "karpenter.k8s.aws/ec2nodeclass", "value": "default"}
_TAG = '["aws:ResourceTag/{}"]'

DRILLS = (
    Break("drill-bounded", put(_T, "stopConditions", [{"source": "none"}]),
          "no alarm that stops it", sets=DRILL),
    Break("drill-bounded", put(_T, "targets[0].resourceType", "aws:ec2:instance"),
          "targets aws:ec2:instance", sets=DRILL),
    Break("drill-bounded", put(_T, "targets[0].resourceTags", [_POOL]), "nodes of any cluster",
          sets=DRILL),
    Break("drill-bounded", put(_T, "targets[0].resourceTags", [_CLUSTER]), "nodes of any pool",
          sets=DRILL),
    Break("drill-bounded", put(_T, "targets[0].resourceTags", GONE), "nodes of any pool",
          sets=DRILL),
    Break("drill-bounded", put(_T, "targets[0].selectionMode", "ALL"), "targets ALL of the nodes",
          sets=DRILL),
    Break("drill-bounded", put(_T, "targets[0].selectionMode", "PERCENT(100)"),
          "targets PERCENT(100)", sets=DRILL),
    Break("drill-bounded", put(_T, "targets[0].filters", GONE), "nodes that do not run",
          sets=DRILL),
    Break("drill-bounded", put(_T, "actions[0].parameters", _ENDS), "no notice of two minutes",
          sets=DRILL),
    Break("drill-bounded", put(_T, "actions[0].actionId", "aws:ec2:terminate-instances"),
          "does aws:ec2:terminate-instances", sets=DRILL),
    Break("drill-bounded", put(_T, "experimentOptions.accountTargeting", "multi-account"),
          "other accounts", sets=DRILL),
    Break("drill-role-minimal", put(_P, _TAGS + _TAG.format(_CLUSTER["key"]), GONE, _INTERRUPT),
          "without the tag kubernetes.io/cluster/spark-dev=owned", sets=DRILL),
    Break("drill-role-minimal", put(_P, _TAGS + _TAG.format(_POOL["key"]), GONE, _INTERRUPT),
          "without the tag karpenter.k8s.aws/ec2nodeclass=default", sets=DRILL),
    Break("drill-role-minimal", put(_P, _TAGS + _TAG.format(_POOL["key"]), "*", _INTERRUPT),
          "without the tag karpenter.k8s.aws/ec2nodeclass=default", sets=DRILL),
    Break("drill-role-minimal",
          put(_P, "policy!Statement[0].Action[1]", "ec2:TerminateInstances", _INTERRUPT),
          "allows ec2:TerminateInstances", sets=DRILL),
    Break("drill-role-minimal",
          put(_R, "assumeRolePolicy!Statement[0].Condition.StringEquals", GONE, _ROLE),
          "without aws:SourceAccount", sets=DRILL),
    Break("drill-role-minimal",
          put(_R, "assumeRolePolicy!Statement[0].Condition.ArnLike", GONE, _ROLE),
          "without aws:SourceArn", sets=DRILL),
)  # fmt: skip
