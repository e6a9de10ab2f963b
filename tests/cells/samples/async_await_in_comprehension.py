import asyncio
async def twice(value):
    return value * n
got = [await twice(item) for item in xs]
