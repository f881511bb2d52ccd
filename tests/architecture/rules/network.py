"""The network and the database."""

from tests.architecture.rules.book import functions, gone, of_type, put, rule

GROUP, ROUTE, SUBNET = "AWS::EC2::SecurityGroup", "AWS::EC2::Route", "AWS::EC2::Subnet"
RESOURCES = "stage/Resources"
DATABASE = f"{RESOURCES}/Database/Properties"
OUT = {"ipv6": "EgressOnlyInternetGatewayId", "nat-gateway": "NatGatewayId", "nat-instance": "InstanceId"}


def database(templates):
    return templates["stage"]["Resources"]["Database"]["Properties"]


def settled(templates):
    return templates["stage"]["Resources"]["DatabaseParameters"]["Properties"]


def ports(entry):
    """Say an entry of a security group as (from, to, with whom)."""
    who = [entry[key] for key in entry if key.startswith(("Cidr", "Source", "Destination"))]
    return entry["FromPort"], entry["ToPort"], " ".join(each["Ref"] if isinstance(each, dict) else each for each in who)


@rule(put(f"{DATABASE}/StorageEncrypted", value=False), gone(f"{DATABASE}/StorageEncrypted"))
def the_database_is_encrypted(templates):
    own = database(templates)
    from_one_that_is = "DBSnapshotIdentifier" in own and "StorageEncrypted" not in own  # it cannot be said twice
    return [] if own.get("StorageEncrypted") is True or from_one_that_is else ["the database's disk is not encrypted"]


@rule(
    gone(f"{DATABASE}/MaxAllocatedStorage"),
    put(f"{DATABASE}/MaxAllocatedStorage", 22),
)
def the_databases_disk_grows_before_it_is_full(templates):
    own = database(templates)
    grows = own.get("MaxAllocatedStorage", 0) >= 1.25 * own["AllocatedStorage"]
    return [] if grows else ["a full disk stops everything"]


@rule(
    put(f"{DATABASE}/DBName", "bhuprahari"),
    put(f"{DATABASE}/MasterUsername", "bhuprahari"),
    DatabaseSnapshot="bhuprahari-dev-last",
)
def a_database_is_new_or_from_a_snapshot_and_not_both(templates):
    """RDS refuses names beside a snapshot, and without one it needs them."""
    own = database(templates)
    said = [name in own for name in ("DBName", "MasterUsername")]
    right = not any(said) if "DBSnapshotIdentifier" in own else all(said)
    return [] if right else ["the database is neither new nor from a snapshot"]


@rule(put(f"{DATABASE}/PubliclyAccessible", value=True), gone(f"{DATABASE}/PubliclyAccessible"))
def the_database_has_no_public_address(templates):
    return [] if database(templates).get("PubliclyAccessible") is False else ["the database has a public address"]


@rule(
    gone(f"{RESOURCES}/Database/DependsOn"),
    put(f"{RESOURCES}/DatabaseLog/Properties/LogGroupName", "/aws/rds/instance/bhuprahari/error"),
    gone(f"{RESOURCES}/DatabaseLog/Properties/RetentionInDays"),
)
def the_databases_log_ends_some_day(templates):
    """RDS makes a log group that is not there, and such a one is kept for ever."""
    own = database(templates)
    log = templates["stage"]["Resources"]["DatabaseLog"]["Properties"]
    wanted = [f"/aws/rds/instance/{own['DBInstanceIdentifier']}/{each}" for each in own["EnableCloudwatchLogsExports"]]
    first = templates["stage"]["Resources"]["Database"].get("DependsOn") == "DatabaseLog"
    ends = "RetentionInDays" in log and [log["LogGroupName"]] == wanted
    return [] if first and ends else [f"{wanted} is kept for ever"]


@rule(put(f"{DATABASE}/BackupRetentionPeriod", 6), put(f"{DATABASE}/DeleteAutomatedBackups", value=True))
def the_database_is_backed_up_for_a_week(templates):
    own = database(templates)
    enough = own["BackupRetentionPeriod"] >= 7 and own["DeleteAutomatedBackups"] is False
    return [] if enough else ["the database cannot be set back a week, or its backups go with it"]


@rule(
    put(f"{RESOURCES}/Database/DeletionPolicy", "Delete"),
    gone(f"{RESOURCES}/Database/UpdateReplacePolicy"),
    put(f"{DATABASE}/DeletionProtection", "false"),
)
def the_database_is_not_lost_by_mistake(templates):
    whole = templates["stage"]["Resources"]["Database"]
    fates = [whole.get("DeletionPolicy"), whole.get("UpdateReplacePolicy")]
    complaints = [] if fates == ["Snapshot", "Snapshot"] else ["the database goes without a snapshot"]
    guarded = str(database(templates)["DeletionProtection"]).lower() == "true"
    return complaints if guarded else [*complaints, "the database can be deleted with one click"]


@rule(
    put(f"{RESOURCES}/DatabaseParameters/Properties/Parameters/require_secure_transport", "0"),
    gone(f"{RESOURCES}/DatabaseParameters/Properties/Parameters/require_secure_transport"),
    gone(f"{DATABASE}/DBParameterGroupName"),
)
def the_database_takes_tls_only(templates):
    used = database(templates).get("DBParameterGroupName") == {"Ref": "DatabaseParameters"}
    asked = settled(templates)["Parameters"].get("require_secure_transport") == "1"
    return [] if used and asked else ["the database takes passwords without TLS"]


@rule(
    put(f"{DATABASE}/EngineVersion", "8.0.46"),
    put(f"{DATABASE}/Engine", "mariadb"),
    gone(f"{DATABASE}/EngineLifecycleSupport"),
)
def the_database_is_a_mysql_that_is_still_looked_after(templates):
    """MySQL 8.0's standard support on RDS ended in July 2026; what follows it is charged by the hour."""
    own = database(templates)
    family = own["Engine"] + own["EngineVersion"].rpartition(".")[0]
    current = family == settled(templates)["Family"] == "mysql8.4"
    free = own.get("EngineLifecycleSupport") == "open-source-rds-extended-support-disabled"
    return [] if current and free else [f"the database is {family}, or pays for extended support"]


@rule(
    put(f"{DATABASE}/ManageMasterUserPassword", value=False),
    put(f"{DATABASE}/MasterUserPassword", "{{resolve:ssm:x}}"),
)
def nobody_writes_the_master_password(templates):
    own = database(templates)
    managed = own.get("ManageMasterUserPassword") is True and "MasterUserPassword" not in own
    return [] if managed else ["the database's master password is not made and kept by RDS"]


@rule(
    put("app/Resources/APIHandler/Properties/ReservedConcurrentExecutions", 30),
    put("app/Resources/CaptureTile/Properties/Environment/Variables/BHUPRAHARI_DATABASE_CONNECTIONS", "2"),
)
def all_functions_at_once_fit_the_database(templates):
    wanted = sum(
        each.get("ReservedConcurrentExecutions", 0)
        * int(each["Environment"]["Variables"]["BHUPRAHARI_DATABASE_CONNECTIONS"])
        for each in functions(templates).values()
    )
    gives = int(settled(templates)["Parameters"]["max_connections"])
    return [] if wanted < 0.8 * gives else [f"the functions may hold {wanted} connections, 0.8 x {gives} are there"]


@rule(
    put(f"{RESOURCES}/DatabaseGroup/Properties/SecurityGroupIngress/0/CidrIp", "10.0.0.0/8"),
    put(
        f"{RESOURCES}/FunctionsGroup/Properties/SecurityGroupIngress",
        [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"}],
    ),
    put(f"{RESOURCES}/NatGroup/Properties/SecurityGroupIngress/0/FromPort", 22),
    Egress="nat-instance",
)
def nothing_comes_in_but_from_the_functions(templates):
    wanted = {"DatabaseGroup": 3306, "NatGroup": 443}
    return [
        f"{name} lets in {ports(entry)}"
        for name, group in of_type(templates["stage"], GROUP).items()
        for entry in group.get("SecurityGroupIngress", [])
        if ports(entry) != (wanted.get(name), wanted.get(name), "FunctionsGroup")
    ]


@rule(
    put(f"{RESOURCES}/FunctionsGroup/Properties/SecurityGroupEgress/0/FromPort", 0),
    put(f"{RESOURCES}/FunctionsToDatabase/Properties/ToPort", 3307),
    put(f"{RESOURCES}/DatabaseGroup/Properties/SecurityGroupEgress/0/CidrIp", "0.0.0.0/0"),
    gone(f"{RESOURCES}/DatabaseGroup/Properties/SecurityGroupEgress"),
)
def functions_reach_https_and_the_database_and_it_reaches_nothing(templates):
    everywhere = {"0.0.0.0/0", "::/0"}
    complaints = []
    for name, group in of_type(templates["stage"], GROUP).items():
        allowed = {"127.0.0.1/32"} if name == "DatabaseGroup" else everywhere
        leaving = group.get("SecurityGroupEgress", [{"FromPort": 0, "ToPort": 0, "CidrIp": "AWS's own default"}])
        for entry in leaving:
            first, last, where = ports(entry)
            if (first, last) != (443, 443) or where not in allowed:
                complaints.append(f"{name} lets out {ports(entry)}")
    return complaints + [
        f"somebody reaches {ports(entry)}"
        for entry in of_type(templates["stage"], "AWS::EC2::SecurityGroupEgress").values()
        if (entry["GroupId"], *ports(entry)) != ({"Ref": "FunctionsGroup"}, 3306, 3306, "DatabaseGroup")
    ]


@rule(
    put(f"{RESOURCES}/PrivateSubnetA/Properties/MapPublicIpOnLaunch", value=True),
    put(f"{RESOURCES}/PrivateRoutesB/Properties/RouteTableId/Ref", "PublicRoutes"),
    put(f"{RESOURCES}/PublicOut/Properties/RouteTableId/Ref", "PrivateRoutes"),
    Egress="nat-gateway",
)
def the_private_subnets_have_no_public_side(templates):
    stage = templates["stage"]
    public = {each["RouteTableId"]["Ref"] for each in of_type(stage, ROUTE).values() if "GatewayId" in each}
    joined = of_type(stage, "AWS::EC2::SubnetRouteTableAssociation").values()
    opened = {each["SubnetId"]["Ref"] for each in joined if each["RouteTableId"]["Ref"] in public}
    opened |= {name for name, each in of_type(stage, SUBNET).items() if each["MapPublicIpOnLaunch"]}
    inside = {each["Ref"] for each in stage["Resources"]["DatabaseSubnets"]["Properties"]["SubnetIds"]}
    return [f"{name} can be reached from outside" for name in sorted(opened & inside)]


@rule(
    gone(f"{RESOURCES}/Ipv6Out"),
    put(f"{RESOURCES}/Ipv6Out/Properties/RouteTableId/Ref", "PublicRoutes"),
    put("stage/Outputs/NeedsIpv6/Value", "false"),
)
def the_functions_have_one_way_out(templates):
    stage = templates["stage"]
    chosen, needs = (stage["Outputs"][name]["Value"] for name in ("Egress", "NeedsIpv6"))
    ways = [
        key
        for each in of_type(stage, ROUTE).values()
        if each["RouteTableId"] == {"Ref": "PrivateRoutes"}
        for key in each
        if key in OUT.values()
    ]
    complaints = [] if ways == [OUT[chosen]] else [f"{chosen} was chosen, and the ways out are {ways}"]
    return complaints if needs == str(chosen == "ipv6").lower() else [*complaints, f"NeedsIpv6 is {needs}"]


@rule(
    gone("app/Resources/Reconcile/Properties/VpcConfig"),
    put("app/Resources/Migrate/Properties/VpcConfig/SubnetIds", ["subnet-a"]),
    put("app/Resources/CaptureTile/Properties/VpcConfig/Ipv6AllowedForDualStack", value=False),
    gone("app/Resources/APIHandler/Properties/Environment/Variables/AWS_ENDPOINT_URL_SQS"),
    put("app/Resources/APIHandler/Properties/Environment/Variables/AWS_USE_DUALSTACK_ENDPOINT", "true"),
)
def functions_stand_in_the_network_and_use_its_way_out(templates):
    """With AWS_USE_DUALSTACK_ENDPOINT the SDK asks for secretsmanager.REGION.api.aws, which does not exist."""
    over_ipv6 = templates["stage"]["Outputs"]["Egress"]["Value"] == "ipv6"
    address = templates["stage"]["Outputs"]["SqsEndpoint"]["Value"]
    complaints = []
    for name, function in functions(templates).items():
        place, knows = function.get("VpcConfig", {}), function["Environment"]["Variables"]
        stands = place.get("SubnetIds"), place.get("SecurityGroupIds")
        if stands != (["subnet-a", "subnet-b"], [{"Ref": "FunctionsGroup"}]):
            complaints.append(f"{name} does not stand in the stage's network")
        elif place.get("Ipv6AllowedForDualStack", False) != over_ipv6:
            complaints.append(f"{name} may not use the way out")
        if knows.get("AWS_ENDPOINT_URL_SQS", "-") != address or "AWS_USE_DUALSTACK_ENDPOINT" in knows:
            complaints.append(f"{name} looks for AWS where it is not to be found")
    return complaints


@rule(
    gone(f"{RESOURCES}/S3Endpoint"),
    put(f"{RESOURCES}/S3Endpoint/Properties/RouteTableIds/0/Ref", "PublicRoutes"),
    gone(f"{RESOURCES}/S3Endpoint/Properties/PolicyDocument/Statement/0/Condition"),
)
def pictures_go_to_s3_by_its_own_door(templates):
    doors = of_type(templates["stage"], "AWS::EC2::VPCEndpoint").values()
    wanted = {"StringEquals": {"aws:ResourceAccount": "111122223333"}}
    right = [
        each
        for each in doors
        if each["VpcEndpointType"] == "Gateway"
        and each["ServiceName"].endswith(".s3")
        and {"Ref": "PrivateRoutes"} in each["RouteTableIds"]
        and [part.get("Condition") for part in each["PolicyDocument"]["Statement"]] == [wanted]
    ]
    return [] if right else ["there is no endpoint of S3 for buckets of this account alone"]


@rule(
    put(f"{RESOURCES}/NatMachine/Properties/LaunchTemplateData/MetadataOptions/HttpTokens", "optional"),
    put(f"{RESOURCES}/NatMachine/Properties/LaunchTemplateData/BlockDeviceMappings/0/Ebs/Encrypted", value=False),
    put(f"{RESOURCES}/NatInstance/Properties/SourceDestCheck", value=True),
    put(f"{RESOURCES}/NatInstance/Properties/KeyName", "laptop"),
    Egress="nat-instance",
)
def the_nat_instance_forwards_and_has_no_other_door(templates):
    complaints = []
    for name, machine in of_type(templates["stage"], "AWS::EC2::LaunchTemplate").items():
        data = machine["LaunchTemplateData"]
        if data["MetadataOptions"]["HttpTokens"] != "required":
            complaints.append(f"{name} gives its metadata to any request")
        disks = [disk["Ebs"]["Encrypted"] for disk in data["BlockDeviceMappings"]]
        complaints += [] if all(disks) else [f"{name} is not encrypted"]
    for name, instance in of_type(templates["stage"], "AWS::EC2::Instance").items():
        if instance["SourceDestCheck"] is not False or "KeyName" in instance or "IamInstanceProfile" in instance:
            complaints.append(f"{name} drops what it should forward, or can be signed in to")
    return complaints
