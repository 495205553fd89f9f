"""The bundled PostgreSQL and Valkey: started when no address is configured, shared by all processes of a data folder.

A *keeper* process runs them (`keeper.py`). A process that needs them calls `ensure_servers`: it takes a
shared lock that means "in use", starts a keeper when there is none, and waits for the servers. The keeper
stops a server in order when nobody has held its lock for a while.
"""

from app.local.servers.client import ServerAddresses, ServerSettings, ensure_servers, release_servers
from app.local.servers.layout import ServersError

__all__ = ["ServerAddresses", "ServerSettings", "ServersError", "ensure_servers", "release_servers"]
