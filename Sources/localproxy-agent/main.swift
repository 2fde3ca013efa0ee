import Agent
import Reactor

Process.exit(runAgent())
