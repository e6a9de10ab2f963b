import os.path
import os.path as where
from collections import OrderedDict as Ordered, deque
table = Ordered(os=where.sep)
queue = deque(xs)
