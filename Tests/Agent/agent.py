#!/usr/bin/env python3
"""localproxy-agent end to end, on loopback: a mosquitto broker with client certificates, mosquitto_sub as the device's
client, the agent behind a named pipe, tunneld in the service's place, and an echo server that the tunnels lead to.

    agent.py PROGRAMS    the folder of localproxy, tunneld and localproxy-agent
"""
import concurrent.futures
import hashlib
import itertools
import json
import os
import re
import shutil
import signal
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time

programs = os.path.realpath(sys.argv[1])
os.environ["PATH"] = f"{programs}:{os.environ['PATH']}:/usr/sbin:/sbin"
for name in ("https_proxy", "HTTPS_PROXY", "NOTIFY_SOCKET"):
    os.environ.pop(name, None)
place = tempfile.mkdtemp(prefix="localproxy-agent-test.")
started = []
source_numbers = itertools.count()
PATIENCE = 30
TOPIC = "$aws/things/gateway/tunnels/notify"


def fail(what):
    for name in ("agent", "broker", "client", "tunneld"):
        path = f"{place}/{name}.log"
        if os.path.exists(path):
            print(f"--- {name}.log", file=sys.stderr)
            print("".join(open(path, errors="replace").readlines()[-25:]), file=sys.stderr)
    raise SystemExit(f"agent-test: {what}")


def within(what, is_true, patience=PATIENCE):
    end = time.monotonic() + patience
    while True:
        value = is_true()
        if value:
            return value
        if time.monotonic() > end:
            fail(f"not within {patience} s: {what}")
        time.sleep(0.05)


def start(name, words, **given):
    log = open(f"{place}/{name}.log", "ab")
    given.setdefault("stdin", subprocess.DEVNULL)
    given.setdefault("stdout", log)
    process = subprocess.Popen(words, stderr=log, cwd=place, **given)
    log.close()
    started.append(process)
    return process


def end(process, number=signal.SIGTERM, patience=PATIENCE):
    process.send_signal(number)
    try:
        return process.wait(patience)
    except subprocess.TimeoutExpired:
        fail(f"{process.args[0]} does not end")


def text(name):
    with open(f"{place}/{name}.log", errors="replace") as log:
        return log.read()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# The server that the tunnels lead to.
class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while piece := self.request.recv(65536):
            self.request.sendall(piece)


class EchoServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128


# The broker, its certificates and its client.
def certificates():
    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=place, check=True, capture_output=True)

    new = ("req", "-newkey", "rsa:2048", "-nodes", "-days", "2")
    openssl(*new, "-x509", "-subj", "/CN=agent-test", "-keyout", "ca.key", "-out", "ca.pem")
    with open(f"{place}/names", "w") as names:
        names.write("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    for name in ("broker", "gateway", "cloud"):
        common = "localhost" if name == "broker" else name
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={common}",
                "-keyout", f"{name}.key", "-out", f"{name}.csr")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                "-days", "2", "-extfile", "names", "-out", f"{name}.pem")


def start_broker(port):
    with open(f"{place}/broker.conf", "w") as file:
        file.write(f"""listener {port} 127.0.0.1
cafile {place}/ca.pem
certfile {place}/broker.pem
keyfile {place}/broker.key
require_certificate true
use_identity_as_username true
allow_anonymous false
acl_file {place}/acl
persistence true
persistence_location {place}/
autosave_interval 1
autosave_on_changes true
{"user root" if os.geteuid() == 0 else ""}
""")
    with open(f"{place}/acl", "w") as file:
        file.write(f"user gateway\ntopic read {TOPIC}\nuser cloud\ntopic write {TOPIC}\n")
    broker = start("broker", ["mosquitto", "-v", "-c", f"{place}/broker.conf"])

    def answers():
        if broker.poll() is not None:
            fail("the broker has ended")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    within("the broker listens", answers)
    return broker


def mqtt(program, name, port):
    return [program, "-h", "localhost", "-p", str(port), "--cafile", f"{place}/ca.pem", "--cert",
            f"{place}/{name}.pem", "--key", f"{place}/{name}.key", "-q", "1", "-t", TOPIC]


def start_client(port):
    subscribed = text("broker").count("Sending SUBACK to gateway")
    with open(f"{place}/fifo", "wb") as pipe:
        client = start("client", mqtt("mosquitto_sub", "gateway", port) + ["-c", "-i", "gateway"], stdout=pipe)
    within("the client subscribes", lambda: text("broker").count("Sending SUBACK to gateway") > subscribed)
    return client


def publish(payload, port):
    if not isinstance(payload, bytes):
        payload = json.dumps(payload).encode()
    for _ in range(PATIENCE):
        said = subprocess.run(mqtt("mosquitto_pub", "cloud", port) + ["-s"], input=payload, capture_output=True)
        if said.returncode == 0:
            return
        time.sleep(1)
    fail(f"nothing can be published: {said.stderr.decode()}")


def notification(token, services=("ECHO",)):
    return {"clientAccessToken": token, "clientMode": "destination", "region": "us-east-1", "services": list(services)}


# The tunnels.
tokens = []  # A pair (destination, source) for each.


def start_tunneld(count):
    service = start("tunneld", ["tunneld", "-l", "127.0.0.1:0", "-D", f"{place}/state", "--services", "ECHO",
                                "--open", str(count)], stdin=subprocess.PIPE)
    within("tunneld opens the tunnels", lambda: len(printed("-s")) == count)
    tokens.extend(zip(printed("-d"), printed("-s")))
    return service, re.search(r"listening on [^,]*:(\d+),", text("tunneld")).group(1)


def printed(option):
    return re.findall(rf"^AWSIOT_TUNNEL_ACCESS_TOKEN=(\S+) localproxy .* {option} ", text("tunneld"), re.M)


def start_agent(*options, name="agent", **given):
    return start(name, ["localproxy-agent", "--service", f"ECHO=127.0.0.1:{echo_port}", "-e",
                        f"localhost:{endpoint}", "-c", f"{place}/state/ca", *options], **given)


def children(agent):
    """The localproxies that it has started."""
    found = subprocess.run(["ps", "-o", "pid=,stat=", "--ppid", str(agent.pid)], capture_output=True, text=True).stdout
    return [int(line.split()[0]) for line in found.splitlines() if not line.split()[1].startswith("Z")]


def runs(process):
    try:
        with open(f"/proc/{process}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until_ready(processes):
    """Until these localproxies are connected: before, a client's connection would be reset."""
    for process in processes:
        within("a localproxy is ready", lambda: f"({process}) [info] ready: " in text("agent"))


def exchange(source_token, byte_count=300_000):
    """Random octets through a tunnel to the echo server and back."""
    number = next(source_numbers)
    source = start(f"source{number}", ["localproxy", "-e", f"localhost:{endpoint}", "-c", f"{place}/state/ca", "-s",
                                       "ECHO=0", "-b", "127.0.0.1"],
                   env=dict(os.environ, AWSIOT_TUNNEL_ACCESS_TOKEN=source_token))
    ready = within("a source is ready",
                   lambda: re.search(r"Listening for new connection on port (\d+)", text(f"source{number}")))
    data = os.urandom(byte_count)
    came = b""
    with socket.create_connection(("127.0.0.1", int(ready.group(1))), timeout=PATIENCE) as client:
        sender = threading.Thread(target=client.sendall, args=(data,))
        sender.start()
        while len(came) < byte_count and (piece := client.recv(65536)):
            came += piece
        sender.join()
    if hashlib.sha256(came).digest() != hashlib.sha256(data).digest():
        fail(f"{len(came)} of {byte_count} octets came back, or others")
    if end(source) != 0:
        fail("a source ended badly")


def check_secrecy(agent):
    """No token is in argv, in an environment, in a log or in a file."""
    secrets = [token.encode() for pair in tokens for token in pair]
    for process in [agent.pid, *children(agent)]:
        for part in ("cmdline", "environ"):
            with open(f"/proc/{process}/{part}", "rb") as file:
                content = file.read()
            if any(secret in content for secret in secrets):
                fail(f"a token is in /proc/{process}/{part}")
    paths = [f"{place}/agent.log"]
    for folder, _, files in os.walk(f"{place}/kept"):
        paths += [f"{folder}/{name}" for name in files]
    for path in paths:
        with open(path, "rb") as file:
            content = file.read()
        if any(secret[:12] in content for secret in secrets):
            fail(f"a token is in {path}")


def copies(process, token):
    """How often a token stands in a process's memory."""
    count = 0
    with open(f"/proc/{process}/maps") as maps, open(f"/proc/{process}/mem", "rb", 0) as memory:
        for line in maps:
            place_, rights = line.split()[:2]
            if "w" not in rights:
                continue
            begin, stop = (int(number, 16) for number in place_.split("-"))
            try:
                memory.seek(begin)
                # A piece of it, for its beginning may be overwritten by the heap's own.
                count += memory.read(stop - begin).count(token.encode()[20:40])
            except OSError:
                continue
    return count


def start_sshd():
    """A server of this user's own, with a key of its own, and its port."""
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{place}/{name}_key"], check=True)
    port = free_port()
    with open(f"{place}/sshd_config", "w") as file:
        file.write(f"""ListenAddress 127.0.0.1:{port}
HostKey {place}/host_key
AuthorizedKeysFile {place}/user_key.pub
PidFile none
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
""")
    if os.geteuid() == 0:
        os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
    server = start("sshd", [shutil.which("sshd"), "-D", "-e", "-f", f"{place}/sshd_config"])
    within("sshd listens", lambda: "Server listening" in text("sshd"))
    return server, port


def login(source_token):
    """A command by ssh, through a tunnel."""
    source = start("ssh-source", ["localproxy", "-e", f"localhost:{endpoint}", "-c", f"{place}/state/ca", "-s", "SSH=0",
                                  "-b", "127.0.0.1"], env=dict(os.environ, AWSIOT_TUNNEL_ACCESS_TOKEN=source_token))
    port = within("the source of ssh is ready",
                  lambda: re.search(r"Listening for new connection on port (\d+)", text("ssh-source"))).group(1)
    said = subprocess.run(["ssh", "-p", port, "-i", f"{place}/user_key", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes",
                           "-o", "StrictHostKeyChecking=accept-new", "-o", f"UserKnownHostsFile={place}/known",
                           "-F", "none", "127.0.0.1", "echo a shell of $(id -u)"], capture_output=True, text=True,
                          timeout=PATIENCE)
    if said.stdout != f"a shell of {os.geteuid()}\n":
        fail(f"ssh: {said}")
    if end(source) != 0:
        fail("the source of ssh ended badly")


steps = 0


def step(what):
    global steps
    steps += 1
    print(f"ok  {what}", flush=True)


def usage_errors():
    for options, stdin, reason in [
        ([], subprocess.PIPE, "no service is allowed; give --service, such as --service SSH=localhost:22"),
        (["--service", "SSH=localhost:22"], subprocess.DEVNULL, "standard input is neither a pipe nor a terminal"),
        (["--service", "SSH=localhost:22", "--input", "/no/fifo"], subprocess.PIPE,
         "--input '/no/fifo' cannot be read: No such file or directory; correct the path"),
        (["--service", "SSH=localhost:22", "--input", "/no/fifo", "--check"], subprocess.PIPE,
         "--input '/no/fifo' cannot be read: No such file or directory; correct the path"),
        (["--service", "SSH=22", "-c", "/no/such", "--check"], subprocess.PIPE, "--capath '/no/such' cannot be used"),
        (["--service", "SSH=22", "-r", "us-east1", "--check"], subprocess.PIPE, "--region 'us-east1' is not a region"),
        (["--service", "SSH=22", "--settings-json", "/no/such", "--check"], subprocess.PIPE,
         "--settings-json '/no/such' cannot be read"),
        (["--service", "SSH=22", "--state-directory", "/etc/passwd", "--check"], subprocess.PIPE,
         "--state-directory '/etc/passwd': Not a directory; mend that, or choose another"),
        (["--service", "SSH=22", "WEB"], subprocess.PIPE,
         "unexpected argument 'WEB': no option takes it; leave it out, or join a list by commas"),
        (["--service", "SSH=localhost:22", "--input", "/etc/passwd"], subprocess.PIPE, "it is no named pipe (mkfifo)"),
        (["--service", "SSH=localhost"], subprocess.PIPE, "is not a port"),
        (["--service", "SSH=1", "--service", "SSH=2"], subprocess.PIPE, "--service 'SSH=2': it is given twice"),
        (["--service", "*"], subprocess.PIPE, "'*' is not a port"),
        (["--service", "SSH=22", "--children", "go"], subprocess.PIPE, "--children 'go' is neither stay nor end"),
        (["--service", "SSH=22", "--children", "stay"], subprocess.PIPE, "--children stay needs --state-directory"),
        (["--service", "SSH=22", "--max-tunnels", "257"], subprocess.PIPE, "is not a number from 1 to 256"),
        (["--service", "SSH=22", "--log-format", "xml"], subprocess.PIPE, "--log-format 'xml' is none of text|json|journal"),
        (["--service", "SSH=22", "-v", "256"], subprocess.PIPE,
         "--verbose '256' is not a level: 0 (off) to 6 (trace), and up to 255 the same"),
        (["--service", "SSH=22", "-e", "https://x.example/"], subprocess.PIPE,
         "--proxy-endpoint 'https://x.example/' is not HOST[:PORT]: of a URL this takes 'x.example' alone"),
        (["--service", "SSH=22", "--restarts", "x"], subprocess.PIPE, "is not a number from 0 to 10"),
        (["--service", "SSH=22", "--localproxy", "/no/such"], subprocess.PIPE, "--localproxy '/no/such' cannot be started"),
        (["--service", "SSH=22", "--services", "/no/such"], subprocess.PIPE, "--services '/no/such' cannot be read"),
        (["--services", "bad"], subprocess.PIPE, "bad, line 2"),
        (["--services", "many"], subprocess.PIPE, "many, line 65: there are more than 64 services"),
        (["--bogus"], subprocess.PIPE, "unknown option '--bogus'"),
    ]:
        with open(f"{place}/bad", "w") as file:
            file.write("VNC = 5900\nSSH = localhost\n")
        with open(f"{place}/many", "w") as file:
            file.writelines(f"S{number} = 22\n" for number in range(65))
        said = subprocess.run(["localproxy-agent", *options], cwd=place, text=True, capture_output=True, timeout=PATIENCE,
                              **({"input": ""} if stdin == subprocess.PIPE else {"stdin": stdin}))
        lines = said.stderr.splitlines()
        if said.returncode != 2 or len(lines) != 1 or reason not in lines[0]:
            fail(f"{options}: status {said.returncode}, {said.stderr}")
    with open(f"{place}/good", "w") as file:
        file.write("# ours\nVNC = 5900\nWEB = /run/web.sock\n")
    said = subprocess.run(["localproxy-agent", "--services", "good", "-d", "SSH=22", "--check"], cwd=place, text=True,
                          capture_output=True, timeout=PATIENCE, stdin=subprocess.DEVNULL)
    wanted = ["from standard input\n", "  VNC is localhost:5900\n", "  WEB is /run/web.sock\n", "  SSH is localhost:22\n"]
    if said.returncode != 0 or any(line not in said.stdout for line in wanted):
        fail(f"--check: {said}")
    for option, start_ in (("--version", "localproxy-agent "), ("--help", "Usage: localproxy-agent ")):
        said = subprocess.run(["localproxy-agent", option], text=True, capture_output=True, timeout=PATIENCE)
        if said.returncode != 0 or not said.stdout.startswith(start_):
            fail(f"{option}: {said}")


def standard_input():
    """A pipe's end: the tunnels that are open go on, and the agent ends with the last."""
    destination, source = tokens[0]
    agent = start_agent("--restarts", "0", stdin=subprocess.PIPE)
    agent.stdin.write(json.dumps(notification(destination)).encode())  # No line's end.
    agent.stdin.close()
    wait_until_ready(within("a localproxy runs", lambda: children(agent)))
    exchange(source)
    if count := copies(agent.pid, destination):
        fail(f"the agent needs no token any more, and has {count}")
    within("its end of input is said", lambda: "standard input has ended" in text("agent"))
    if agent.poll() is not None:
        fail("the agent ended before its tunnel")
    os.kill(service.pid, signal.SIGUSR1)  # tunneld closes its oldest tunnel.
    if agent.wait(PATIENCE) != 0:
        fail("the agent ended badly")
    if "tunnel 1 is over: localproxy ended with status 0" not in text("agent"):
        fail("its tunnel's end is not said")


def through_broker():
    port = free_port()
    broker = start_broker(port)
    os.mkfifo(f"{place}/fifo", 0o600)
    os.truncate(f"{place}/agent.log", 0)
    sshd, sshd_port = start_sshd()
    agent = start_agent("--input", "fifo", "--max-tunnels", "24", "--service", f"SSH=127.0.0.1:{sshd_port}")
    client = start_client(port)

    publish(notification(tokens[1][0]), port)
    within("a localproxy runs", lambda: len(children(agent)) == 1)
    wait_until_ready(children(agent))
    exchange(tokens[1][1])
    # For another start of its localproxy.
    if (count := copies(agent.pid, tokens[1][0])) != 1:
        fail(f"the agent has {count} copies of a token")
    step("a notification through the broker, and octets through its tunnel")

    service.stdin.write(b"open SSH\n")
    service.stdin.flush()
    within("tunneld opens another", lambda: len(printed("-s")) == 26)
    tokens.append((printed("-d")[-1], printed("-s")[-1]))
    publish(notification(tokens[25][0], ["SSH"]), port)
    within("its localproxy runs", lambda: len(children(agent)) == 2)
    wait_until_ready(children(agent))
    login(tokens[25][1])
    end(sshd)
    step("ssh through a tunnel of its own")

    publish(notification(tokens[1][0]), port)
    within("the duplicate is refused", lambda: "its token is served already" in text("agent"))
    if len(children(agent)) != 2:
        fail("a duplicate started something")
    step("a duplicate is refused")

    publish(notification(tokens[2][0], ["ECHO", "RDP"]), port)
    within("the service is refused", lambda: "service 'RDP' is not allowed" in text("agent"))
    garbage = [b"garbage", b"{", b'{"clientAccessToken":1}', b"[" * 9000, b"\0\1\2\xff\xfe", b"\n\n\n", b"x" * 40_000,
               b'{"clientMode":"source","region":"us-east-1","clientAccessToken":"a"}',
               json.dumps(dict(notification("a"), region="x/../y")).encode()]
    for payload in garbage:
        publish(payload, port)
    within("the garbage is dropped", lambda: text("agent").count("a line is dropped") >= 7)
    if len(children(agent)) != 2 or agent.poll() is not None:
        fail("garbage did something")
    step("a service that is not on the list, and garbage")

    victim = min(children(agent))
    os.kill(victim, signal.SIGKILL)
    within("it is started again", lambda: len(children(agent)) == 2 and victim not in children(agent))
    wait_until_ready(children(agent))
    exchange(tokens[1][1])
    step("a localproxy that is killed is started again, with the same token")

    client.kill()
    client.wait()
    publish(notification(tokens[2][0]), port)
    # A broker that is killed may lose what it has taken in its last second; one that ends writes it down.
    end(broker)
    broker = start_broker(port)
    client = start_client(port)
    within("what came meanwhile is served", lambda: len(children(agent)) == 3)
    wait_until_ready(children(agent))
    exchange(tokens[2][1])
    broker.kill()
    broker.wait()
    # mosquitto_sub 2.0.11 ends with its connection, and its unit starts it again; others connect again by themselves.
    wait_until = time.monotonic() + 5
    while client.poll() is None and time.monotonic() < wait_until:
        time.sleep(0.05)
    broker = start_broker(port)
    if client.poll() is not None:
        client = start_client(port)
    publish(notification(tokens[3][0]), port)
    within("the client is back", lambda: len(children(agent)) == 4, 60)
    wait_until_ready(children(agent))
    exchange(tokens[3][1])
    step("the client killed, the broker restarted, the broker killed: what was published meanwhile is served")

    for destination, _ in tokens[4:24]:
        publish(notification(destination), port)
    within("20 further ones run", lambda: len(children(agent)) == 24)
    publish(notification(tokens[24][0]), port)
    within("the limit is said", lambda: "24 tunnels are open, which is the limit" in text("agent"))
    wait_until_ready(children(agent))
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        for future in [pool.submit(exchange, source, 100_000) for _, source in tokens[4:24]]:
            future.result()
    step("20 tunnels at once, and not more than the limit")

    before = len(printed("-d"))
    service.stdin.write(b"rotate 2 destination\n")
    service.stdin.flush()
    within("tunneld rotates", lambda: len(printed("-d")) == before + 1)
    os.kill(service.pid, signal.SIGUSR1)  # Tunnel 2 is tokens[1]; that is the oldest open one.
    within("its end is said", lambda: "tunnel 1 is over: localproxy ended with status 0" in text("agent"))
    before = len(printed("-d"))
    service.stdin.write(b"rotate 3 destination\n")
    service.stdin.flush()
    within("tunneld rotates", lambda: len(printed("-d")) == before + 1)
    rotated = printed("-d")[-1]
    tokens.append((rotated, rotated))
    publish(notification(rotated), port)
    within("the old one ends with 3", lambda: re.search(r"tunnel 3 is over: localproxy ended with status [37]", text("agent")))
    wait_until_ready(children(agent))
    exchange(tokens[2][1])
    step("a tunnel that is closed, and a token that is rotated")

    check_secrecy(agent)
    step("no token in argv, in an environment, in the log")

    proxies = children(agent)
    if end(agent) != 0:
        fail("the agent ended badly")
    if any(runs(process) for process in proxies):
        fail("localproxies are left")
    step(f"SIGTERM ends the agent and its {len(proxies)} localproxies")
    for process in (client, broker):
        end(process)


def deaths():
    notice = json.dumps(notification(tokens[4][0])).encode() + b"\n"

    def tell(line=notice):
        with open(f"{place}/fifo", "wb") as pipe:
            pipe.write(line)

    agent = start_agent("--input", "fifo")
    tell()
    [proxy] = within("a localproxy runs", lambda: children(agent))
    end(agent, signal.SIGKILL)
    within("it ends with its agent", lambda: not runs(proxy))
    step("--children end: the agent is killed, and its localproxy ends")

    stay = ("--input", "fifo", "--children", "stay", "--state-directory", f"{place}/kept")
    agent = start_agent(*stay)
    tell()
    [proxy] = within("a localproxy runs", lambda: children(agent))
    check_secrecy(agent)
    end(agent, signal.SIGKILL)
    wait_until_ready(children(agent))
    wait_until_ready([proxy])
    exchange(tokens[4][1])
    agent = start_agent(*stay)
    within("it is found", lambda: f"process {proxy} of an earlier agent serves it" in text("agent"))
    count = text("agent").count("its token is served already")
    tell()
    within("a duplicate is known", lambda: text("agent").count("its token is served already") > count)
    if end(agent) != 0 or not runs(proxy):
        fail("it did not stay")
    wait_until_ready(children(agent))
    exchange(tokens[4][1])
    step("--children stay: the agent is killed, and ended; the tunnel goes on, and the next agent knows it")

    agent = start_agent(*stay)
    within("it is found again", lambda: text("agent").count(f"process {proxy} of an earlier") == 2)
    os.kill(proxy, signal.SIGKILL)
    within("its end is noticed", lambda: "is over: localproxy has ended" in text("agent"))
    if os.listdir(f"{place}/kept"):
        fail("its file is left")
    end(agent)
    # A file of a process that is another one's now.
    with open(f"{place}/kept/{os.getpid()}", "w") as file:
        file.write("1 tag\n")
    with open(f"{place}/kept/4567", "w") as file:
        file.write("garbage")
    agent = start_agent(*stay[:2], "--state-directory", f"{place}/kept", "--log-format", "json")
    within("what is stale is removed", lambda: not os.listdir(f"{place}/kept"))
    tell()
    within("a localproxy writes as the agent does", lambda: '"event":"starting"' in text("agent"))
    objects = [json.loads(line) for line in text("agent").splitlines() if line.startswith("{")]
    dropped = [line["file"] for line in objects if line["event"] == "state_dropped"]
    if dropped != [f"{place}/kept/4567"] or objects[0]["event"] != "started" or objects[0]["tunnels_max"] != 8:
        fail(f"{objects}")
    if end(agent) != 0:
        fail("the agent ended badly")
    step("the end of one that stayed is noticed, and what is stale forgotten")


echo = EchoServer(("127.0.0.1", 0), Echo)
echo_port = echo.server_address[1]
threading.Thread(target=echo.serve_forever, daemon=True).start()
try:
    usage_errors()
    step("what is wrong is one line")
    certificates()
    service, endpoint = start_tunneld(25)
    standard_input()
    step("notifications on standard input, and its end; no copy of a token is left in memory")
    through_broker()
    deaths()
    end(service)
    left = subprocess.run(["pgrep", "-f", place], capture_output=True, text=True).stdout.split()
    left = [process for process in left if runs(process)]
    if left:
        fail(f"processes are left: {left}")
    print(f"localproxy-agent: {steps} steps passed")
finally:
    for process in started:
        if process.poll() is None:
            process.kill()
            process.wait()
    shutil.rmtree(place, ignore_errors=True)
