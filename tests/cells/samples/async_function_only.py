async def fetch(item):
    async with item as opened:
        return [part async for part in opened] + [x]
