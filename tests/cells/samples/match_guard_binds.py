match x:
    case q if q > 100:
        pass
    case 1 if (extra := y):
        got = extra
