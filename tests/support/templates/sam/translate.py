"""Prints what CloudFormation makes of a serverless template. Run by an interpreter that has the translator."""

import json
import sys


class NoPolicies:
    def load(self):
        return {}


def main():
    from samtranslator.translator.transform import transform

    print(json.dumps(transform(json.load(sys.stdin), {}, NoPolicies())))


if __name__ == "__main__":
    main()
