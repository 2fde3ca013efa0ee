"""Carries bytes through a tunnel, both ways at once, and compares their SHA-256.

tunnel.py SERVICE SOURCE DESTINATION BYTES [SETTINGS]

SERVICE, SOURCE and DESTINATION are commands: tunneld, and localproxy for each role, behind what runs them
("qemu-arm-static .../localproxy"). Each direction carries BYTES. SETTINGS is a file for --settings-json. The proxies
must end with status 0 on SIGTERM.
"""
import hashlib, os, re, shlex, shutil, signal, socket, subprocess, sys, tempfile, threading, time

PATIENCE = 60  # seconds for a line in a log, or for the next bytes
BLOCK = 1 << 20


class Program:
    def __init__(self, name, command, arguments, environment=()):
        self.name, self.log = name, name + ".log"
        self.process = subprocess.Popen(
            shlex.split(command) + arguments, stdin=subprocess.DEVNULL, stdout=open(self.log, "wb"),
            stderr=subprocess.STDOUT, env={**os.environ, **dict(environment)})

    def wait_for(self, pattern):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with open(self.log, errors="replace") as log:
                found = re.search(pattern, log.read(), re.MULTILINE)
            if found:
                return found
            if self.process.poll() is not None:
                fail(f"{self.name} ended with {self.process.returncode}")
            time.sleep(0.02)
        fail(f"{self.name} never said {pattern}")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            fail(f"{self.name} did not end on SIGTERM")
        if status != 0:
            fail(f"{self.name} ended with {status} on SIGTERM")


def fail(what):
    for log in sorted(os.listdir(".")):
        if log.endswith(".log"):
            with open(log, errors="replace") as text:
                sys.stderr.write(f"--- {log}\n{text.read()[-4000:]}")
    sys.stderr.write(f"{what}\n")
    for program in programs:
        program.process.kill()
    os._exit(1)


class Side(threading.Thread):
    """Sends so many bytes and the end, while it receives to the end."""

    def __init__(self, connection, count):
        super().__init__(daemon=True)
        self.connection, self.count = connection, count
        self.sent, self.received, self.received_count = hashlib.sha256(), hashlib.sha256(), 0
        connection.settimeout(PATIENCE)

    def run(self):
        sender = threading.Thread(target=self.send, daemon=True)
        sender.start()
        try:
            while part := self.connection.recv(BLOCK):
                self.received.update(part)
                self.received_count += len(part)
            sender.join()
        except OSError as error:
            fail(f"after {self.received_count} bytes: {error}")

    def send(self):
        # Half of it can be compressed; no two blocks are the same.
        block = os.urandom(BLOCK // 2) + b"localproxy\n" * (BLOCK // 22)
        left = self.count
        try:
            while left > 0:
                part = (left.to_bytes(8, "big") + block)[:left]
                self.connection.sendall(part)
                self.sent.update(part)
                left -= len(part)
            self.connection.shutdown(socket.SHUT_WR)
        except OSError as error:
            fail(f"with {left} bytes left to send: {error}")


programs = []


def start(*arguments):
    programs.append(Program(*arguments))
    return programs[-1]


def main():
    service, source, destination, count = sys.argv[1:4] + [int(sys.argv[4])]
    options = ["--settings-json", os.path.abspath(sys.argv[5])] if len(sys.argv) > 5 else []
    here = tempfile.mkdtemp(prefix="cross-")
    os.chdir(here)
    server = socket.create_server(("127.0.0.1", 0))

    tunneld = start("tunneld", service, ["-l", "127.0.0.1:0", "-D", "state", "--services", "A", "--open", "1"])
    endpoint = "localhost:" + tunneld.wait_for(r"^listening on [^,]*:(\d+),")[1]
    token = {role: tunneld.wait_for(rf"^AWSIOT_TUNNEL_ACCESS_TOKEN=(\S+) .* -{role} ")[1] for role in "sd"}

    def proxy(name, command, role, mapping):
        return start(
            name, command, ["-e", endpoint, "-c", "state/ca", f"-{role}", mapping, *options],
            {"AWSIOT_TUNNEL_ACCESS_TOKEN": token[role]}.items())

    to = proxy("destination", destination, "d", f"A={server.getsockname()[1]}")
    to.wait_for("ready: service A")
    come = proxy("source", source, "s", "A=0")
    port = int(come.wait_for(r"Listening for new connection on port (\d+) ")[1])

    begin = time.monotonic()
    client = Side(socket.create_connection(("127.0.0.1", port)), count)
    client.start()
    server.settimeout(PATIENCE)
    answer = Side(server.accept()[0], count)
    answer.start()
    client.join()
    answer.join()
    seconds = time.monotonic() - begin
    for sender, receiver in ((client, answer), (answer, client)):
        if receiver.received_count != count or sender.sent.digest() != receiver.received.digest():
            fail(f"{count} bytes went in, others ({receiver.received_count}) came out")
    come.stop()
    to.stop()
    tunneld.process.kill()
    shutil.rmtree(here)
    print(f"{count / 1e6:.0f} MB each way in {seconds:.1f} s, SHA-256 the same")


main()
