"""The client's address, and whether it can stand for one person."""

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import structlog
from starlette.datastructures import Address as NetworkAddress
from starlette.requests import HTTPConnection

from app.core.config import Settings

type Address = IPv4Address | IPv6Address
type Network = IPv4Network | IPv6Network
log = structlog.get_logger()
LOOPBACK = ip_address("127.0.0.1")
FORWARDED = "forwarded"
"""Stands for clients whose address is unknown or cannot be told from a forged one; they share one rate limit."""
_WITH_PORT = re.compile(r"\[([^\]]+)\](?::[0-9]{1,5})?|([0-9.]+):[0-9]{1,5}", re.ASCII)
"""How proxies write an address with a port: `[2001:db8::1]:443`, `192.0.2.1:443`; brackets also without a port."""


@lru_cache(maxsize=16)
def networks(listed: str) -> tuple[Network, ...]:
    """Read a comma-separated list of addresses and networks."""
    return tuple(ip_network(item.strip(), strict=False) for item in listed.split(",") if item.strip())


def _parsed(text: str) -> Address | None:
    text = text.strip().strip('"')
    with_port = _WITH_PORT.fullmatch(text)
    try:
        found = ip_address((with_port[1] or with_port[2]) if with_port else text)
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
    not a trusted proxy: everything further left can be forged by the client. A trusted proxy that names nobody, or
    names an address that cannot be read, leaves the client unknown.

    Unless started with `--no-proxy-headers`, Uvicorn trusts every peer on loopback and replaces the peer's address by
    the one that peer claims, with port 0 or the claimed port. A real peer never has port 0, so that case means a
    loopback peer, and so does the missing address of a Unix socket. A claim with a port is indistinguishable from a
    peer that names itself, so it is trusted in neither case.
    """
    client = connection.client
    hops = _hops(connection)
    if client is not None and _names_itself(client, hops):
        return FORWARDED
    peer = LOOPBACK if client is None or not client.port else _parsed(client.host)
    if peer is None:
        return FORWARDED
    trusted = networks(settings.trusted_proxies)
    if not _within(peer, trusted):
        if hops != [""] and _is_local(peer):
            _warn_of_untrusted_proxy(str(peer))
        return str(peer)
    return _nearest_untrusted(hops, trusted) or str(peer)


def _nearest_untrusted(hops: list[str], trusted: tuple[Network, ...]) -> str | None:
    """Return the nearest address that is no trusted proxy, FORWARDED if one before it is unreadable, else None."""
    for entry in hops:
        hop = _parsed(entry)
        if hop is None:
            return FORWARDED
        if not _within(hop, trusted):
            return str(hop)
    return None


def _is_local(address: Address) -> bool:
    return address.is_loopback or address.is_private or address.is_link_local


@lru_cache(maxsize=16)
def _warn_of_untrusted_proxy(peer: str) -> None:
    """Log once that rate limits by address do not work behind this proxy."""
    log.warning("proxy_not_trusted", peer=peer, told="set TRUSTED_PROXIES: limits by address do not hold without it")


def limit_key(address: str, settings: Settings) -> str | None:
    """Return the key for rate limits by address, or None where one address stands for many people.

    A front end that forwards without naming the client (loopback, a private network, or listed in SHARED_ADDRESSES)
    must not be locked out as if it were one person. IPv6 addresses are grouped by /64.
    """
    parsed = _parsed(address)
    if parsed is None:
        return FORWARDED
    if _is_local(parsed):
        return None
    if _within(parsed, networks(settings.shared_addresses)):
        return None
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed, 64), strict=False))
    return str(parsed)
