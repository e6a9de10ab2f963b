line = f'{d['k']} {f'{x}'} {'''
''' + text}'
