from dataclasses import dataclass, field
from enum import Enum
@dataclass
class Point:
    left: int = x
    items: list = field(default_factory=lambda: [y])
class Color(Enum):
    RED = n
    GREEN = RED + 1
result = Point(), Color.GREEN
