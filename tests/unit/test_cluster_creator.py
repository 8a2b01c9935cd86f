"""The principal that creates the cluster is refused among its admins, before anything is made."""

import pytest

from components.cluster_creator import check_creator, is_same
from ops.plan.errors import UserError
from tests.plans import plan_of

ADMIN = "arn:aws:iam::111122223333:role/ops/eu/admin"
SESSION = "arn:aws:sts::111122223333:assumed-role/admin/jo"


@pytest.mark.parametrize(
    ("admin", "caller", "same"),
    [
        (ADMIN, SESSION, True),
        ("arn:aws:iam::111122223333:role/admin", SESSION, True),
        ("arn:aws:iam::444455556666:role/admin", SESSION, False),
        ("arn:aws:iam::111122223333:role/admin-2", SESSION, False),
        ("arn:aws:iam::111122223333:user/admin", SESSION, False),
        ("arn:aws:iam::111122223333:user/a/jo", "arn:aws:iam::111122223333:user/a/jo", True),
        ("arn:aws:iam::111122223333:user/jo", "arn:aws:iam::111122223333:root", False),
        (ADMIN, "arn:aws:sts::111122223333:federated-user/admin", False),
    ],
)
def test_a_session_s_role_is_compared_without_its_path(admin: str, caller: str, same: bool) -> None:
    assert is_same(admin, caller) is same


def test_a_caller_that_would_create_the_cluster_is_refused() -> None:
    # The caller of a preview is the role `preview`.
    with pytest.raises(UserError, match=r"spark-on-eks:cluster\.admins\[1\]: .* creates the"):
        plan_of(
            "dev",
            "cluster.admins=[arn:aws:iam::111122223333:role/a, "
            "arn:aws:iam::111122223333:role/preview]",
        )


def test_a_caller_that_did_not_create_the_cluster_stays_its_administrator() -> None:
    assert list(check_creator([ADMIN], "")) == []
    assert [key for key, _ in check_creator([ADMIN], SESSION)] == ["cluster.admins[0]"]
