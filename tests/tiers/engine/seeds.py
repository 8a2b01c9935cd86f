"""Resources of the account before a stack: the admins of prod, the cluster of existing."""

from .providers.cloud import Cloud, Thing, seed

ADMIN = "platform-admin"
NODE_ROLE = "analytics-spark-nodes"
CLUSTER = "analytics"


def account() -> Cloud:
    """A fresh account with the existing resources that the stacks of this project need."""
    cloud = Cloud()
    _role(cloud, ADMIN, '{"AWS": "arn:aws:iam::111122223333:root"}')
    _role(cloud, NODE_ROLE, '{"Service": "ec2.amazonaws.com"}')
    vpc = _vpc(cloud)
    subnets = {
        "subnet-0a1b2c3d4e5f60711": ("us-west-2a", "10.1.0.0/18"),
        "subnet-0a1b2c3d4e5f60712": ("us-west-2b", "10.1.64.0/18"),
    }
    for id_, (zone, block) in subnets.items():
        state = {"vpcId": vpc.id, "availabilityZone": zone, "cidrBlock": block}
        seed(cloud, "aws:ec2/subnet:Subnet", id_, state)
    _cluster(cloud, list(subnets))
    return cloud


def _role(cloud: Cloud, name: str, principal: str) -> None:
    trust = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": '
        f'{principal}, "Action": "sts:AssumeRole"}}]}}'
    )
    state = {
        "name": name,
        "arn": cloud.arn("iam", f"role/{name}", region=False),
        "assumeRolePolicy": trust,
    }
    seed(cloud, "aws:iam/role:Role", name, state)


def _vpc(cloud: Cloud) -> Thing:
    return seed(cloud, "aws:ec2/vpc:Vpc", "vpc-0a1b2c3d4e5f60718", {"cidrBlock": "10.1.0.0/16"})


def _cluster(cloud: Cloud, subnets: list[str]) -> None:
    host = f"oidc.eks.{cloud.region}.amazonaws.com/id/0123456789ABCDEF"
    state = {
        "name": CLUSTER,
        "arn": cloud.arn("eks", f"cluster/{CLUSTER}"),
        "endpoint": f"https://0123456789ABCDEF.gr7.{cloud.region}.eks.amazonaws.com",
        "certificateAuthority": {"data": "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t"},
        "identities": [{"oidcs": [{"issuer": f"https://{host}"}]}],
        "version": "1.35",
        "status": "ACTIVE",
        "vpcConfig": {"subnetIds": subnets, "clusterSecurityGroupId": "sg-0a1b2c3d4e5f60713"},
        "hasNodes": True,
    }
    seed(cloud, "aws:eks/cluster:Cluster", CLUSTER, state)
    arn = cloud.arn("iam", f"oidc-provider/{host}", region=False)
    seed(
        cloud,
        "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
        arn,
        {"arn": arn, "url": host},
    )


def running_pod(namespace: str) -> Thing:
    """A pod that uses its namespace's claim."""
    return Thing("kubernetes:core/v1:Pod", f"{namespace}/driver", "", {"claim": "spark-jars"}, {})


def published_jar(cloud: Cloud) -> Thing:
    """A release that a team published to the bucket of dev."""
    bucket = f"spark-dev-jars-{cloud.account}-{cloud.region}"
    key = "spark/jars/2026-11/etl.jar"
    state = {"bucket": bucket, "key": key}
    return Thing("aws:s3/bucketObjectv2:BucketObjectv2", f"{bucket}/{key}", "", state, state)
