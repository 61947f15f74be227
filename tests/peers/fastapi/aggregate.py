"""What `cargo xtask bench aggregate` compares with: concurrent calls whose JSON answers become one object."""

import asyncio
import os
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI
from fastapi.responses import JSONResponse

ORIGIN = os.environ["GATEWAY_ORIGIN"]
# Sixteen requests of ten calls each: none waits for a connection.
CONNECTIONS = 256

client = None


@asynccontextmanager
async def lifespan(_):
    global client
    limits = httpx.Limits(
        max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS, keepalive_expiry=3600
    )
    async with httpx.AsyncClient(base_url=ORIGIN, limits=limits) as client:
        yield


app = FastAPI(lifespan=lifespan, openapi_url=None)


async def call(name):
    answer = await client.get(f"/{name}")
    answer.raise_for_status()
    return name, answer.json()


@app.get("/aggregate/{count}")
async def aggregate(count: int):
    answers = await asyncio.gather(*(call(f"c{number}") for number in range(count)))
    return JSONResponse(dict(answers))
