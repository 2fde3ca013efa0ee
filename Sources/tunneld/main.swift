import Reactor
import TunnelService

Process.exit(runTunnelDaemon())
