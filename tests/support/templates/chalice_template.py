"""Prints the template that `chalice package` would write for a stage, without building its zip (which fetches wheels).

Run it as its own process: the app reads its settings once, at import.
python -m tests.support.templates.chalice_template prod
"""

import json
import os
import sys

from chalice.awsclient import TypedAWSClient
from chalice.cli.factory import CLIFactory
from chalice.deploy.appgraph import ApplicationGraphBuilder, DependencyBuilder
from chalice.deploy.deployer import create_build_stage
from chalice.deploy.packager import BaseLambdaDeploymentPackager
from chalice.deploy.swagger import CFNSwaggerGenerator
from chalice.package import PackageOptions, ResourceBuilder, SAMTemplateGenerator
from chalice.utils import UI, OSUtils

from tests.support.sources import ROOT


class NoZip(BaseLambdaDeploymentPackager):
    def __init__(self):
        pass

    def create_deployment_package(self, project_dir, python_version):
        return "deployment.zip"


def template(stage):
    factory = CLIFactory(str(ROOT), environ=os.environ)
    config = factory.create_config_obj(stage)
    build = create_build_stage(OSUtils(), UI(), CFNSwaggerGenerator(), config)
    for step in build._steps:
        if hasattr(step, "_packager"):
            step._packager = NoZip()
    resources = ResourceBuilder(ApplicationGraphBuilder(), DependencyBuilder(), build).construct_resources(
        config, stage
    )
    options = PackageOptions(TypedAWSClient(factory.create_botocore_session()))
    made = SAMTemplateGenerator(config, options).generate(resources)
    for each in made["Resources"].values():
        if each["Type"] == "AWS::Serverless::Function":  # as a deploy does: Lambda's Python, and the code in S3
            each["Properties"] |= {"Runtime": "python3.12", "CodeUri": "s3://artifacts/deployment.zip"}
    return made


if __name__ == "__main__":
    print(json.dumps(template(sys.argv[1])))
