if __name__ == '__main__':
    ran = x
else:
    ran = y
