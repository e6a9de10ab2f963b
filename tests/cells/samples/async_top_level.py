import asyncio
await asyncio.sleep(0)
result = await asyncio.sleep(0, x)
