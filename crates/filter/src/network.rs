//! Networks of addresses.

use crate::config::Node;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A network in CIDR form (RFC 4632 §3.1, RFC 4291 §2.3).
///
/// IPv4 and IPv6 are apart: `::/0` holds no IPv4 address, and the IPv4 addresses that IPv6 maps
/// (`::ffff:0:0/96`) are written as what they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// Of IPv4 addresses.
    V4 {
        /// Its first address.
        first: u32,
        /// At most 32.
        prefix: u32,
    },
    /// Of IPv6 addresses.
    V6 {
        /// Its first address.
        first: u128,
        /// At most 128.
        prefix: u32,
    },
}

impl Network {
    /// The network of this size that an IPv4 address is in.
    pub fn of_ipv4(address: Ipv4Addr, prefix: u8) -> Self {
        Self::v4(u32::from(address), prefix.into()).0
    }

    /// The network of this size that an IPv6 address is in.
    pub fn of_ipv6(address: Ipv6Addr, prefix: u8) -> Self {
        Self::v6(u128::from(address), prefix.into()).0
    }

    /// Reads `10.0.0.0/8`, `2001:db8::/32`, or one address.
    ///
    /// # Errors
    /// [`InvalidNetwork`], which says what was meant where that can be told.
    pub fn parse(text: &str) -> Result<Self, InvalidNetwork> {
        let (address, prefix) = match text.split_once('/') {
            None => (text, None),
            Some((address, prefix)) => (address, Some(prefix)),
        };
        let address: IpAddr = address.parse().map_err(|_| InvalidNetwork::Form)?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => longest,
            Some(digits) => prefix_length(digits)
                .filter(|prefix| *prefix <= longest)
                .ok_or(InvalidNetwork::Prefix { longest })?,
        };
        let (network, written) = match address {
            IpAddr::V4(address) => Self::v4(u32::from(address), prefix),
            IpAddr::V6(address) => match (address.to_ipv4_mapped(), prefix.checked_sub(96)) {
                // Addresses are compared as IPv4 where they are: the network would hold none of
                // them.
                (Some(mapped), Some(prefix)) => {
                    return Err(InvalidNetwork::Mapped(Self::v4(u32::from(mapped), prefix).0));
                }
                _ => Self::v6(u128::from(address), prefix),
            },
        };
        if written { Ok(network) } else { Err(InvalidNetwork::HostBits(network)) }
    }

    /// Reads a network of a configuration.
    pub fn read(node: Node<'_>) -> Option<Self> {
        Self::parse(node.text()?).map_or_else(|invalid| node.fault(invalid.to_string()), Some)
    }

    /// Whether every address of `other` is in it.
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::V4 { prefix, .. }, Self::V4 { first, prefix: longer }) => {
                prefix <= longer && Self::v4(*first, *prefix).0 == *self
            }
            (Self::V6 { prefix, .. }, Self::V6 { first, prefix: longer }) => {
                prefix <= longer && Self::v6(*first, *prefix).0 == *self
            }
            _ => false,
        }
    }

    /// Whether the address is in it. The address must be in its shortest form, as
    /// [`Request::client_address`](crate::Request::client_address) has it.
    pub fn has(&self, address: IpAddr) -> bool {
        match (self, address) {
            (Self::V4 { prefix, .. }, IpAddr::V4(address)) => {
                Self::v4(u32::from(address), *prefix).0 == *self
            }
            (Self::V6 { prefix, .. }, IpAddr::V6(address)) => {
                Self::v6(u128::from(address), *prefix).0 == *self
            }
            _ => false,
        }
    }

    /// The network of an address, and whether the address is the network's first.
    fn v4(address: u32, prefix: u32) -> (Self, bool) {
        // A shift by the whole width has no mask left.
        let mask = u32::MAX.checked_shl(32_u32.saturating_sub(prefix)).unwrap_or(0);
        let first = address & mask;
        (Self::V4 { first, prefix }, first == address)
    }

    fn v6(address: u128, prefix: u32) -> (Self, bool) {
        let mask = u128::MAX.checked_shl(128_u32.saturating_sub(prefix)).unwrap_or(0);
        let first = address & mask;
        (Self::V6 { first, prefix }, first == address)
    }
}

/// Digits only, and no zero in front of others.
fn prefix_length(digits: &str) -> Option<u32> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit())
        && (digits == "0" || !digits.starts_with('0'));
    digits.parse().ok().filter(|_| plain)
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4 { first, prefix } => write!(f, "{}/{prefix}", Ipv4Addr::from(*first)),
            Self::V6 { first, prefix } => write!(f, "{}/{prefix}", Ipv6Addr::from(*first)),
        }
    }
}

/// Why a text is no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidNetwork {
    /// There is no address.
    Form,
    /// The number of bits is none, or too large.
    Prefix {
        /// As many as the address has.
        longest: u32,
    },
    /// The address has bits that the network's addresses differ in.
    HostBits(Network),
    /// An IPv4 network in IPv6 form.
    Mapped(Network),
}

impl fmt::Display for InvalidNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form => {
                f.write_str("must be a network, such as 10.0.0.0/8 or 2001:db8::/32, or an address")
            }
            Self::Prefix { longest } => {
                write!(f, "must have a number of bits from 0 to {longest} after the slash")
            }
            Self::HostBits(network) => {
                write!(f, "has bits set beyond its prefix, did you mean {network}?")
            }
            Self::Mapped(network) => write!(f, "is an IPv4 network: write {network}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_its_addresses_and_no_others() {
        for (network, address, want) in [
            ("10.0.0.0/8", "10.255.255.255", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("10.0.0.0/8", "9.255.255.255", false),
            ("192.0.2.128/25", "192.0.2.128", true),
            ("192.0.2.128/25", "192.0.2.127", false),
            ("192.0.2.2/31", "192.0.2.3", true),
            ("192.0.2.2/31", "192.0.2.4", false),
            ("192.0.2.1/32", "192.0.2.1", true),
            ("192.0.2.1/32", "192.0.2.0", false),
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("0.0.0.0/0", "255.255.255.255", true),
            ("0.0.0.0/0", "0.0.0.0", true),
            ("0.0.0.0/0", "::1", false),
            ("128.0.0.0/1", "127.255.255.255", false),
            ("::/0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true),
            ("::/0", "192.0.2.1", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::", false),
            ("2001:db8::1/128", "2001:db8::1", true),
            ("2001:db8::1/128", "2001:db8::", false),
            ("2001:DB8:0:0::/64", "2001:db8::ffff", true),
            ("::1", "::1", true),
            ("::1", "::2", false),
            ("fe80::/10", "febf::1", true),
            ("fe80::/10", "fec0::1", false),
        ] {
            let parsed = Network::parse(network).unwrap();
            assert_eq!(parsed.has(address.parse().unwrap()), want, "{address} in {network}");
        }
    }

    #[test]
    fn a_network_covers_those_within_it() {
        for (network, other, want) in [
            ("10.0.0.0/8", "10.1.0.0/16", true),
            ("10.0.0.0/8", "10.0.0.0/8", true),
            ("10.1.0.0/16", "10.0.0.0/8", false),
            ("10.0.0.0/8", "11.0.0.0/8", false),
            ("0.0.0.0/0", "192.0.2.1", true),
            ("::/0", "2001:db8::/32", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "192.0.2.1", false),
        ] {
            let [network, other] = [network, other].map(|text| Network::parse(text).unwrap());
            assert_eq!(network.covers(&other), want, "{other} in {network}");
        }
    }

    #[test]
    fn what_is_no_network_is_told_with_what_was_meant() {
        let form = "must be a network, such as 10.0.0.0/8 or 2001:db8::/32, or an address";
        let bits4 = "must have a number of bits from 0 to 32 after the slash";
        let bits6 = "must have a number of bits from 0 to 128 after the slash";
        for (text, want) in [
            ("", form),
            ("localhost", form),
            ("10.0.0/8", form),
            ("010.0.0.0/8", form),
            ("10.0.0.0.0", form),
            (" 10.0.0.0/8", form),
            ("[::1]", form),
            ("fe80::1%eth0", form),
            ("10.0.0.0:80", form),
            ("10.0.0.0/", bits4),
            ("10.0.0.0/33", bits4),
            ("10.0.0.0/+8", bits4),
            ("10.0.0.0/08", bits4),
            ("10.0.0.0/-1", bits4),
            ("10.0.0.0/8/8", bits4),
            ("10.0.0.0/255.0.0.0", bits4),
            ("10.0.0.0/99999999999", bits4),
            ("::/129", bits6),
            ("10.0.0.1/8", "has bits set beyond its prefix, did you mean 10.0.0.0/8?"),
            ("0.0.0.1/0", "has bits set beyond its prefix, did you mean 0.0.0.0/0?"),
            ("2001:db8::1/32", "has bits set beyond its prefix, did you mean 2001:db8::/32?"),
            ("::1/0", "has bits set beyond its prefix, did you mean ::/0?"),
            ("::ffff:10.0.0.0/104", "is an IPv4 network: write 10.0.0.0/8"),
            ("::ffff:192.0.2.1", "is an IPv4 network: write 192.0.2.1/32"),
            ("::ffff:0:0/96", "is an IPv4 network: write 0.0.0.0/0"),
            ("::ffff:0:0/95", "has bits set beyond its prefix, did you mean ::fffe:0:0/95?"),
        ] {
            assert_eq!(Network::parse(text).unwrap_err().to_string(), want, "{text}");
        }
    }
}
