"""Everything around the app: its set-up, one machine, one server, the deployment to AWS, the operator's commands."""
