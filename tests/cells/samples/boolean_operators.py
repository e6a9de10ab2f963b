got = x and y or z
never = 0 and undefined_name
