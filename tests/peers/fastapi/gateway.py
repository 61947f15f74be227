"""The three functions of `cargo xtask bench gateway` for FastAPI, or a bare proxy with GATEWAY_BARE."""

import os
import time
from collections import OrderedDict
from contextlib import asynccontextmanager

import httpx
import jwt
from fastapi import FastAPI, Request, Response

ORIGIN = os.environ["GATEWAY_ORIGIN"]
IS_BARE = bool(os.environ.get("GATEWAY_BARE"))
ISSUER = os.environ["GATEWAY_ISSUER"]
AUDIENCE = os.environ["GATEWAY_AUDIENCE"]
with open(os.environ["GATEWAY_KEY"], encoding="ascii") as file:
    KEY = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256).prepare_key(file.read())

PLENTY = 1_000_000
TOKENS = 1024
ANSWER = b'{"id":17}\n'
# What belongs to one connection and is not passed on.
OWN = {"connection", "keep-alive", "transfer-encoding", "upgrade", "host"}

remembered = OrderedDict()
windows = {}
client = None


@asynccontextmanager
async def lifespan(_):
    global client
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=64, keepalive_expiry=3600)
    async with httpx.AsyncClient(base_url=ORIGIN, limits=limits) as client:
        yield


app = FastAPI(lifespan=lifespan, openapi_url=None)


class Refusal(Exception):
    def __init__(self, status):
        self.status = status


def check(request):
    """The claims of a good token."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme != "Bearer":
        raise Refusal(401)
    claims = remembered.get(token)
    if claims is None:
        try:
            claims = jwt.decode(token, KEY, algorithms=["RS256"], issuer=ISSUER, audience=AUDIENCE)
        except jwt.InvalidTokenError as error:
            raise Refusal(401) from error
        remembered[token] = claims
        if len(remembered) > TOKENS:
            remembered.popitem(last=False)
    else:
        remembered.move_to_end(token)
        if claims["exp"] <= time.time():
            raise Refusal(401)
    return claims


def count(client_name, most, seconds):
    """What is left of the window of one client."""
    window = int(time.monotonic() / seconds)
    found, used = windows.get(client_name, (window, 0))
    used = used + 1 if found == window else 1
    windows[client_name] = (window, used)
    if used > most:
        raise Refusal(429)
    return most - used


@app.get("/{path:path}")
async def proxy(request: Request):
    headers = {name: value for name, value in request.headers.items() if name not in OWN}
    added = {}
    if not IS_BARE:
        try:
            subject = check(request)["sub"]
            left = count(subject, PLENTY, 1)
            if request.url.path == "/limited":
                count("few " + subject, 1, 3600)
        except Refusal as refusal:
            return Response(status_code=refusal.status)
        headers["x-user"] = subject
        headers["x-bench"] = f"{headers.get('x-request-id', '')} {headers.get('user-agent', '')}"
        added = {"ratelimit-remaining": str(left), "x-content-type-options": "nosniff"}
    if request.url.path.startswith("/direct"):
        return Response(ANSWER, media_type="application/json", headers=added)
    url = httpx.URL(path=request.url.path, query=request.url.query.encode())
    answer = await client.get(url, headers=headers)
    kept = {name: value for name, value in answer.headers.items() if name not in OWN}
    return Response(answer.content, answer.status_code, headers=kept | added)
