"""All examples in one program, for `./dev demo`: an API key serves one program at a time.

    COMPOSE_API_KEY=ck_dev_... python examples
"""

import os
import sys

import coffee
import compose_sdk as c
import showcase

key = os.environ.get("COMPOSE_API_KEY")
if not key:
    sys.exit("Set COMPOSE_API_KEY to the API key that `compose-relay demo` prints.")
client = c.Client(
    api_key=key, apps=coffee.APPS + showcase.APPS, theme=coffee.THEME, DANGEROUS_ENABLE_DEV_MODE=True
)
address = os.environ.get("COMPOSE_ADDRESS", "localhost:8080")
if address != "localhost:8080":
    client.api.WS_URL = f"ws://{address}/api/v1/sdk/ws"
client.connect()
