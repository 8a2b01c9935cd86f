"""Every tool reads a policy document alike, in each notation that IAM allows."""

import json
from typing import Any

import pytest

from ops.plan.iam import action_matches, documents, statements_of
from ops.plan.iam_roles import (
    assumed_by,
    attachments,
    documents_of,
    given_node_policies,
    node_roles,
)
from tests.ops.diff.plans import plan, resource

ROLE, INLINE = "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
POLICY = {"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}


def statement(**elements: Any):
    (found,) = statements_of(json.dumps({"Statement": [{"Effect": "Allow", **elements}]}))
    return found


def trust(principal: Any, **condition: Any) -> str:
    raw = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
    return json.dumps({"Statement": {**raw, "Condition": condition}})


@pytest.mark.parametrize(
    ("principal", "everyone"),
    [
        ("*", True),
        ({"AWS": "*"}, True),
        ({"AWS": ["*"]}, True),
        ({"AWS": "arn:aws:iam::111122223333:root"}, False),
        ({"Service": "ec2.amazonaws.com"}, False),
    ],
)
def test_a_star_and_a_star_among_aws_principals_are_everyone(principal: Any, everyone: bool):
    assert statement(Principal=principal).for_everyone is everyone


@pytest.mark.parametrize("effect", ["allow", "", None])
def test_only_allow_and_deny_in_their_exact_case_have_an_effect(effect: Any):
    found = statement(Effect=effect)
    assert not found.allows
    assert not found.denies


@pytest.mark.parametrize("key", ["aws:SecureTransport", "AWS:securetransport"])
@pytest.mark.parametrize("value", [False, "false", [False], ["false"]])
def test_a_condition_is_found_in_any_case_and_a_boolean_is_text(key: str, value: Any):
    found = statement(Condition={"Bool": {key: value}}).condition("Bool", "aws:SecureTransport")
    assert found is not None
    assert found.values == ("false",)


def test_a_condition_key_of_an_identity_provider_is_found_by_its_end_and_no_other_is():
    found = statement(Condition={"StringEquals": {"oidc.example/id/1:sub": "a", "x:aws:b": "c"}})
    assert found.condition("StringEquals", ":sub") is not None
    assert found.condition("StringEquals", "aws:b") is None
    assert found.condition("StringLike", ":sub") is None


@pytest.mark.parametrize(
    ("pattern", "action", "matches"),
    [
        ("iam:PassRole", "iam:passrole", True),
        ("IAM:Pass*", "iam:PassRole", True),
        ("iam:PassRol?", "iam:PassRole", True),
        ("*", "iam:PassRole", True),
        ("iam:[P]assRole", "iam:PassRole", False),
        ("s3:*", "iam:PassRole", False),
    ],
)
def test_actions_match_without_regard_to_case_and_with_wildcards(pattern, action, matches):
    assert action_matches(pattern, action) is matches


def test_what_a_statement_excludes_is_kept_by_element():
    found = statement(NotAction="iam:*", NotPrincipal={"AWS": "arn:a"}, Resource="*")
    assert found.exclusions == {"NotAction": ("iam:*",), "NotPrincipal": ("arn:a",)}
    assert (found.actions, dict(found.principals)) == ((), {})


def test_documents_are_found_as_text_and_as_objects_and_unknown_ones_are_not():
    made = plan(
        resource("aws:iam/policy:Policy", "text", {"policy": json.dumps(POLICY)}),
        resource("aws:iam/policy:Policy", "object", {"policy": POLICY}),
        resource("aws:iam/policy:Policy", "unknown", {"policy": "[unknown]"}),
    )
    assert {(one.resource.name, len(one.statements)) for one in documents(made)} == {
        ("text", 1),
        ("object", 1),
    }


def test_a_role_has_its_attached_and_its_inline_policies_and_no_other():
    role = resource(ROLE, "r", {"inlinePolicies": [{"policy": POLICY}]})
    attached = resource("aws:iam/policy:Policy", "attached", {"policy": POLICY})
    beside = resource("aws:iam/policy:Policy", "beside", {"policy": POLICY})
    made = plan(
        role,
        attached,
        beside,
        resource(
            ATTACHMENT,
            "a",
            {"role": "r", "policyArn": "arn:x"},
            property_dependencies={"role": (role.urn,), "policyArn": (attached.urn,)},
        ),
        resource(INLINE, "by-name", {"role": "r", "policy": POLICY}),
        resource(INLINE, "given", {"role": "nodes-of-others", "policy": POLICY}),
    )
    assert {one.resource.name for one in documents_of(made, role)} == {"r", "attached", "by-name"}
    assert [one.name for one in attachments(made, role)] == ["a"]
    assert [one.name for one in given_node_policies(made)] == ["given"]


def test_a_node_role_is_one_that_ec2_may_assume():
    deny = json.loads(trust({"Service": "ec2.amazonaws.com"}))
    deny["Statement"]["Effect"] = "Deny"
    made = plan(
        resource(ROLE, "node", {"assumeRolePolicy": trust({"Service": ["ec2.amazonaws.com"]})}),
        resource(ROLE, "denied", {"assumeRolePolicy": json.dumps(deny)}),
        resource(ROLE, "cluster", {"assumeRolePolicy": trust({"Service": "eks.amazonaws.com"})}),
    )
    assert [one.name for one in node_roles(made)] == ["node"]


@pytest.mark.parametrize(
    ("operator", "subject", "assumes"),
    [
        ("StringEquals", ["system:serviceaccount:a:driver", "system:serviceaccount:a:x"], True),
        ("StringLike", "system:serviceaccount:a:*", True),
        ("StringEquals", "system:serviceaccount:b:driver", False),
    ],
)
def test_a_service_account_assumes_the_roles_whose_trust_names_it(operator, subject, assumes):
    federated = {"Federated": "arn:aws:iam::111122223333:oidc-provider/x"}
    role = resource(
        ROLE, "r", {"assumeRolePolicy": trust(federated, **{operator: {"x:sub": subject}})}
    )
    found = assumed_by(plan(role), "system:serviceaccount:a:driver")
    assert found == ([role] if assumes else [])
