result = text.strip().upper().split(',')[0].join([text])
xs.append(obj.b.count(x))
