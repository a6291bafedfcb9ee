"""Which IP addresses may be connected to."""

from ipaddress import ip_address

import pytest

from loopctl_pipelines.knowledge.ingestion.fetching.addresses import is_allowed


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "93.184.215.14",
        "2606:4700:4700::1111",
        "::ffff:8.8.8.8",
        "2002:808:808::1",
        "64:ff9b::8.8.8.8",
    ],
)
def test_a_globally_routable_address_is_allowed(address: str) -> None:
    assert is_allowed(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104 - nothing is bound
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.0.170",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::a9fe:a9fe",
        "fe80::1",
        "febf::1",
        "fc00::1",
        "fd12:3456::1",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
        "100::1",
        "2001:db8::1",
        "2001:2::1",
        "2001:10::1",
        "2001:20::1",
        "3fff::1",
        "5f00::1",
        "64:ff9b:1::1",
        "fe80::1%eth0",
        "2606:4700:4700::1111%eth0",
    ],
)
def test_an_address_that_is_not_globally_routable_is_refused(address: str) -> None:
    assert not is_allowed(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "::ffff:127.0.0.1",
        "::ffff:224.0.0.1",
        "2002:a9fe:a9fe::1",
        "2002:7f00:1::",
        "64:ff9b::10.0.0.1",
        # Teredo, with the private client 10.0.0.1 and with the private server 10.0.0.1
        "2001:0:808:808::f5ff:fffe",
        "2001:0:a00:1::f7f7:f7f7",
    ],
)
def test_an_ipv6_address_is_refused_for_the_ipv4_address_inside_it(address: str) -> None:
    assert not is_allowed(ip_address(address))
