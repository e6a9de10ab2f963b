async def ticks():
    for item in xs:
        yield item + y
got = []
async for tick in ticks():
    got.append(tick)
else:
    done = True
more = [tick2 async for tick2 in ticks()]
lazy = (tick3 async for tick3 in ticks())
