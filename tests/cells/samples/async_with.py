from contextlib import asynccontextmanager
@asynccontextmanager
async def opened(value):
    yield value
async with opened(x) as handle:
    inner = handle
print(inner)
