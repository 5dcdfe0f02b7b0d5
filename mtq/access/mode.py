"""Whom a service lets in. On its own, so that who reads a configuration need not load the rules."""

from enum import Enum


class Mode(Enum):
    """Whom a service lets in."""

    ANY = "any"
    FIREWALL = "firewall"
    FIREWALL_AND_LAN = "firewall+lan"
