"""The client's address, and whether it can stand for one person."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.datastructures import Address as NetworkAddress
from starlette.requests import HTTPConnection

from app.core.config import Settings

type Address = IPv4Address | IPv6Address
type Network = IPv4Network | IPv6Network
UNKNOWN = "unknown"
LOOPBACK = ip_address("127.0.0.1")
FORWARDED = "forwarded"
"""Stands for clients whose address cannot be told from a forged one; they share one rate limit."""


@lru_cache(maxsize=16)
def networks(listed: str) -> tuple[Network, ...]:
    """Read a comma-separated list of addresses and networks."""
    return tuple(ip_network(item.strip(), strict=False) for item in listed.split(",") if item.strip())


def _parsed(text: str) -> Address | None:
    try:
        found = ip_address(text.strip())
    except ValueError:
        return None
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped
    return found


def _within(address: Address, listed: tuple[Network, ...]) -> bool:
    return any(address.version == network.version and address in network for network in listed)


def _hops(connection: HTTPConnection) -> list[str]:
    """Return the entries of `X-Forwarded-For`, the nearest first."""
    return [hop.strip() for hop in reversed(",".join(connection.headers.getlist("x-forwarded-for")).split(","))]


def _names_itself(peer: NetworkAddress, hops: list[str]) -> bool:
    """Tell whether the peer's address and port, if it has one, are among those claimed."""
    return bool(peer.port) and f"{peer.host}:{peer.port}" in {hop.replace("[", "").replace("]", "") for hop in hops}


def client_address(connection: HTTPConnection, settings: Settings) -> str:
    """Return the address of the client.

    `X-Forwarded-For` is used only when the peer itself is a trusted proxy, and then its right-most entry that is
    not a trusted proxy: everything further left can be forged by the client.

    Unless started with `--no-proxy-headers`, Uvicorn trusts every peer on loopback and replaces the peer's address by
    the one that peer claims, with port 0 or the claimed port. A real peer never has port 0, so that case means a
    loopback peer. A claim with a port is indistinguishable from a peer that names itself, so it is trusted in neither
    case.
    """
    client = connection.client
    hops = _hops(connection)
    if client is not None and _names_itself(client, hops):
        return FORWARDED
    peer = None if client is None else _parsed(client.host) if client.port else LOOPBACK
    if peer is None:
        return UNKNOWN
    trusted = networks(settings.trusted_proxies)
    if not _within(peer, trusted):
        return str(peer)
    for entry in hops:
        hop = _parsed(entry)
        if hop is None:
            break
        if not _within(hop, trusted):
            return str(hop)
    return str(peer)


def limit_key(address: str, settings: Settings) -> str | None:
    """Return the key for rate limits by address, or None where one address stands for many people.

    A front end that forwards without naming the client (loopback, a private network, or listed in SHARED_ADDRESSES)
    must not be locked out as if it were one person. IPv6 addresses are grouped by /64.
    """
    if address == FORWARDED:
        return FORWARDED
    parsed = _parsed(address)
    if parsed is None or parsed.is_loopback or parsed.is_private or parsed.is_link_local:
        return None
    if _within(parsed, networks(settings.shared_addresses)):
        return None
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed, 64), strict=False))
    return str(parsed)
