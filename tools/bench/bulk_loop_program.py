"""
Makes recorded calls through boto3, one after the other, and prints the CPU time that they took.

Usage: python bulk_loop_program.py <calls.json>; it holds the calls of each batch in turn.
"""

import json
import sys
import time
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

batches = json.loads(Path(sys.argv[1]).read_text())
clients = {service: boto3.client(service) for calls in batches for service, _, _ in calls}
began = time.process_time()
for calls in batches:
    for service, method, parameters in calls:
        try:
            getattr(clients[service], method)(**parameters)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
print((time.process_time() - began) * 1000)
