"""What reads clocks, entropy, the network, the frame or the process: the list, by dotted name.

`VERSION` is raised with every change that makes a refusal of what was cached
before. The names are looked up in the modules that are loaded, and code is
judged by the objects that it names, however it imported them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

__all__ = ["NAMES", "ROOTS", "TIMELESS_ARGUMENTS", "VERSION", "Kind"]

VERSION = 4

Kind = Literal[
    "duration", "clock", "calendar", "entropy", "network", "database", "dynamic", "identity",
    "address", "machine", "registry", "native",
]  # fmt: skip

# duration: a difference of readings. clock: an absolute time, a duration where it is only subtracted.
NAMES: Mapping[Kind, tuple[str, ...]] = {
    "duration": (
        "time.perf_counter", "time.perf_counter_ns", "time.monotonic", "time.monotonic_ns",
        "time.process_time", "time.process_time_ns", "time.thread_time", "time.thread_time_ns",
        "timeit.default_timer", "os.times", "resource.getrusage",
    ),
    "clock": (
        "time.time", "time.time_ns", "time.clock_gettime", "time.clock_gettime_ns",
        "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today",
        "pandas.Timestamp.now", "pandas.Timestamp.utcnow", "pandas.Timestamp.today",
    ),
    "calendar": (
        "datetime.date.today", "time.strftime", "time.localtime", "time.gmtime", "time.ctime",
        "time.asctime", "pandas.Period.now", "email.utils.formatdate", "email.utils.localtime",
        "dateutil.utils.today", "arrow.now", "arrow.utcnow", "arrow.Arrow.now", "arrow.Arrow.utcnow",
        "pendulum.now", "pendulum.today", "pendulum.tomorrow", "pendulum.yesterday",
        "calendar.datetime.date.today",
    ),
    "entropy": (
        "uuid.uuid1", "uuid.uuid4", "uuid.uuid6", "uuid.uuid7", "uuid.getnode", "os.urandom",
        "os.getrandom", "secrets.token_bytes", "secrets.token_hex", "secrets.token_urlsafe",
        "secrets.choice", "secrets.randbelow", "secrets.randbits", "secrets.SystemRandom",
        "random.SystemRandom", "ssl.RAND_bytes", "tempfile.mkstemp", "tempfile.mkdtemp", "tempfile.mktemp",
        "torch.seed", "torch.cuda.seed", "PIL.Image.effect_noise", "pyarrow.compute.random", "cv2.randu",
        "cv2.randn", "cv2.randShuffle", "sympy.ntheory.generate.randprime", "sympy.core.random.random",
        "sympy.core.random.randint", "sympy.core.random.randrange", "sympy.core.random.choice",
        "sympy.core.random.sample", "sympy.core.random.shuffle", "sympy.core.random.uniform",
        "sympy.core.random.random_complex_number",
    ),
    "network": (
        "socket.socket", "socket.create_connection", "socket.create_server", "socket.getaddrinfo",
        "socket.gethostbyname", "socket.gethostbyaddr", "urllib.request.urlopen",
        "urllib.request.urlretrieve", "urllib.request.build_opener", "http.client.HTTPConnection",
        "http.client.HTTPSConnection", "ftplib.FTP", "ftplib.FTP_TLS", "smtplib.SMTP", "smtplib.SMTP_SSL",
        "poplib.POP3", "imaplib.IMAP4", "imaplib.IMAP4_SSL", "xmlrpc.client.ServerProxy",
        "asyncio.open_connection", "asyncio.start_server", "http.server.HTTPServer",
        "http.server.ThreadingHTTPServer", "webbrowser.open",
    ),
    "database": ("sqlite3.connect", "duckdb.connect", "duckdb.sql", "duckdb.query", "duckdb.execute"),
    "dynamic": (
        "builtins.exec", "builtins.eval", "builtins.globals", "builtins.locals", "builtins.vars",
        "builtins.dir", "builtins.input", "builtins.breakpoint", "sys._getframe",
        "sys._getframemodulename", "inspect.currentframe", "inspect.stack", "getpass.getpass",
        "pdb.set_trace", "IPython.get_ipython", "gc.get_objects", "gc.get_referrers",
    ),
    "identity": (
        "os.getpid", "os.getppid", "threading.get_ident", "threading.get_native_id",
        "threading.current_thread", "socket.gethostname", "socket.getfqdn", "platform.node",
        "platform.uname", "os.uname", "os.getlogin", "getpass.getuser", "threading.main_thread",
        "threading.enumerate", "multiprocessing.process.current_process",
        "multiprocessing.process.parent_process", "multiprocessing.process.active_children",
    ),
    "address": ("builtins.id",),
    "registry": (
        "codecs.register", "codecs.unregister", "codecs.register_error", "copyreg.pickle",
        "copyreg.constructor", "copyreg.add_extension", "copyreg.remove_extension",
        "sqlite3.register_adapter", "sqlite3.register_converter",
        "logging.addLevelName", "logging.setLoggerClass", "logging.setLogRecordFactory", "mimetypes.add_type",
        "csv.register_dialect", "csv.unregister_dialect", "shutil.register_archive_format",
        "shutil.register_unpack_format", "webbrowser.register", "atexit.register", "atexit.unregister",
        "signal.signal", "signal.alarm", "signal.setitimer", "faulthandler.enable", "os.register_at_fork",
        "sys.setswitchinterval", "sys.setprofile", "sys.addaudithook", "threading.setprofile",
        "threading.settrace", "multiprocessing.set_start_method", "asyncio.set_event_loop",
        "asyncio.set_event_loop_policy", "importlib.reload", "weakref.finalize", "time.tzset",
        "xml.etree.ElementTree.register_namespace", "sys.set_int_max_str_digits", "gettext.textdomain",
        "gettext.bindtextdomain", "gettext.install", "urllib.request.install_opener", "threading.stack_size",
        "zoneinfo.reset_tzpath", "resource.setrlimit", "calendar.setfirstweekday",
        "email.charset.add_charset", "email.charset.add_alias", "email.charset.add_codec", "gc.freeze",
        "gc.unfreeze", "os.nice",
        "doctest.register_optionflag", "matplotlib.scale.register_scale",
        "matplotlib.projections.register_projection", "pandas.plotting.register_matplotlib_converters",
        "pandas.plotting.deregister_matplotlib_converters", "pandas.api.extensions.register_extension_dtype",
        "polars.api.register_dataframe_namespace", "polars.api.register_lazyframe_namespace",
        "polars.api.register_series_namespace", "polars.api.register_expr_namespace",
        "polars.set_random_seed", "sympy.core.random.seed",
        "pyarrow.register_extension_type", "pyarrow.unregister_extension_type",
        "pyarrow.set_cpu_count", "pyarrow.set_io_thread_count", "joblib.register_parallel_backend",
        "fsspec.register_implementation", "PIL.Image.init", "PIL.Image.register_extension",
        "PIL.Image.register_open", "PIL.Image.register_save", "PIL.Image.register_mime",
        "scipy.special.seterr", "attr.validators.set_disabled",
    ),
    "native": (
        "os.write", "os.writev", "os.pwrite", "sys.__stdout__", "sys.__stderr__", "ctypes.CDLL",
        "ctypes.PyDLL", "ctypes.cdll", "ctypes.pydll", "ctypes.pythonapi", "ctypes.CFUNCTYPE", "cffi.FFI",
        "faulthandler.dump_traceback",
    ),
    "machine": (
        "os.getloadavg", "os.sched_getaffinity", "shutil.disk_usage", "os.statvfs", "gc.get_count",
        "gc.get_stats",
        "sys.getrefcount", "sys.getallocatedblocks", "tracemalloc.get_traced_memory",
        "tracemalloc.take_snapshot", "torch.cuda.memory_allocated", "torch.cuda.memory_reserved",
        "torch.cuda.max_memory_allocated", "torch.cuda.memory_summary", "torch.cuda.mem_get_info",
    ),
}  # fmt: skip

# Packages of which every function and class is of one kind.
ROOTS: Mapping[str, Kind] = {
    **dict.fromkeys(
        (
            "requests", "httpx", "aiohttp", "urllib3", "httplib2", "pycurl", "websocket", "websockets",
            "paramiko", "boto3", "botocore", "aiobotocore", "s3fs", "gcsfs", "adlfs", "grpc", "openai",
            "anthropic", "ollama", "tweepy", "yfinance", "kaggle", "kagglehub", "wandb", "mlflow", "zmq",
            "paho", "telnetlib", "nntplib",
        ),
        "network",
    ),
    **dict.fromkeys(
        (
            "sqlalchemy", "psycopg", "psycopg2", "asyncpg", "pymysql", "MySQLdb", "mysql", "oracledb",
            "cx_Oracle", "pyodbc", "pymssql", "pymongo", "motor", "redis", "clickhouse_connect",
            "clickhouse_driver", "snowflake", "cassandra", "neo4j", "elasticsearch", "trino", "impala",
            "connectorx", "adbc_driver_manager",
        ),
        "database",
    ),
    **dict.fromkeys(("psutil", "GPUtil", "pynvml", "py3nvml", "cpuinfo"), "machine"),
}  # fmt: skip

# How many arguments a call must have to be about a given time (or object), not the present one.
TIMELESS_ARGUMENTS: Mapping[str, int] = {
    "time.strftime": 2,
    "time.localtime": 1,
    "time.gmtime": 1,
    "time.ctime": 1,
    "time.asctime": 1,
    "email.utils.formatdate": 1,
    "email.utils.localtime": 1,
    "builtins.vars": 1,
    "builtins.dir": 1,
}
