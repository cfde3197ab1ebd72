// SPDX-License-Identifier: GPL-2.0-or-later
//! Makers and readers of the kinds of extended community that policies use.

use super::{ExtCommunity, high, low};
use crate::value::TextError;
use std::net::Ipv4Addr;

/// In the 2-octet AS field for an AS number that needs 4 (RFC 6793 section 9).
const AS_TRANS: u16 = 23_456;

/// Who gave the value of a route target or site of origin (RFC 4360 section 3, RFC 5668).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Administrator {
    /// An AS number: up to 65535 it takes 2 octets and leaves 4 to the value, else 4 and 2, as FRR encodes it.
    As(u32),
    /// An IPv4 address; leaves 2 octets to the value.
    Ipv4(Ipv4Addr),
}

/// A route target or site of origin: administrator and assigned number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Who gave the number.
    pub administrator: Administrator,
    /// The number: 32 bits for a 2-octet AS number, else 16.
    pub value: u32,
}

/// Link bandwidth (draft-ietf-idr-link-bandwidth).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinkBandwidth {
    /// AS number that set it; 23456 for one of 4 octets.
    pub asn: u16,
    /// Octets per second; a 32-bit IEEE float on the wire, so about 7 digits are kept.
    pub bytes_per_second: f64,
    /// Does it pass the border of the AS? The draft says no, some networks say yes.
    pub transitive: bool,
}

/// Color (RFC 9012 section 4.3, RFC 9256 section 8.8.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Color {
    /// The color.
    pub color: u32,
    /// The CO bits, 0-3: how to fall back when there is no tunnel of that color.
    pub co: u8,
}

/// Group policy id of an EVPN endpoint (draft-wlin-bess-group-policy-id-extended-community-03): type 0x03,
/// sub-type 0x17, then scope, reserved and id of 16 bits each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupPolicyId {
    /// The id, as in the data plane's 16-bit tag.
    pub id: u16,
    /// Where the id is valid; 0 where no one agreed on scopes.
    pub scope: u16,
}

impl ExtCommunity {
    /// `RT:ADMINISTRATOR:VALUE` (RFC 4360 section 4).
    ///
    /// # Errors
    /// The value needs more than 16 bits beside an address or a 4-octet AS number.
    pub fn route_target(target: Target) -> Result<Self, TextError> {
        Self::target(low::ROUTE_TARGET, target)
    }

    /// `SoO:ADMINISTRATOR:VALUE`, site of origin or route origin (RFC 4360 section 5).
    ///
    /// # Errors
    /// As [`Self::route_target`].
    pub fn site_of_origin(target: Target) -> Result<Self, TextError> {
        Self::target(low::SITE_OF_ORIGIN, target)
    }

    pub(super) fn target(low: u8, target: Target) -> Result<Self, TextError> {
        let value = target.value;
        let [v0, v1, v2, v3] = value.to_be_bytes();
        let (high, [a, b, c, d]) = match target.administrator {
            Administrator::As(asn) => match u16::try_from(asn) {
                Ok(asn) => {
                    let [a, b] = asn.to_be_bytes();
                    return Ok(ExtCommunity([high::AS2, low, a, b, v0, v1, v2, v3]));
                }
                Err(_) => (high::AS4, asn.to_be_bytes()),
            },
            Administrator::Ipv4(address) => (high::IPV4, address.octets()),
        };
        if value > 0xFFFF {
            return Err(TextError(format!(
                "the number {value} is too big: 0-65535 after an IPv4 address or an AS number above 65535"
            )));
        }
        Ok(ExtCommunity([high, low, a, b, c, d, v2, v3]))
    }

    /// If it is a route target: whose.
    pub fn as_route_target(&self) -> Option<Target> {
        self.as_target(low::ROUTE_TARGET)
    }

    /// If it is a site of origin: whose.
    pub fn as_site_of_origin(&self) -> Option<Target> {
        self.as_target(low::SITE_OF_ORIGIN)
    }

    fn as_target(&self, low: u8) -> Option<Target> {
        let [high, sub, a, b, c, d, e, f] = self.0;
        let wide = u32::from_be_bytes([c, d, e, f]);
        let narrow = u32::from(u16::from_be_bytes([e, f]));
        let (administrator, value) = match high {
            high::AS2 => (Administrator::As(u16::from_be_bytes([a, b]).into()), wide),
            high::AS4 => (Administrator::As(u32::from_be_bytes([a, b, c, d])), narrow),
            high::IPV4 => (Administrator::Ipv4([a, b, c, d].into()), narrow),
            _ => return None,
        };
        (sub == low).then_some(Target { administrator, value })
    }

    /// Link bandwidth in octets per second; `asn` is shortened to 23456 if it needs 4 octets, as FRR does.
    ///
    /// # Errors
    /// The rate is negative, not a number, or infinite as a 32-bit float.
    pub fn link_bandwidth(asn: u32, bytes_per_second: f64, transitive: bool) -> Result<Self, TextError> {
        #[expect(clippy::cast_possible_truncation, reason = "the format has 32 bits; what overflows is checked")]
        let rate = bytes_per_second as f32;
        if !rate.is_finite() || rate.is_sign_negative() && rate != 0.0 {
            return Err(TextError(format!("{bytes_per_second} is not a link bandwidth: octets per second, 0 or more")));
        }
        let [a, b] = u16::try_from(asn).unwrap_or(AS_TRANS).to_be_bytes();
        let [c, d, e, f] = rate.abs().to_be_bytes();
        let high = high::AS2 | if transitive { 0 } else { high::NON_TRANSITIVE };
        Ok(ExtCommunity([high, low::LINK_BANDWIDTH, a, b, c, d, e, f]))
    }

    /// If it is a link bandwidth: how much. A rate that is no finite number of 0 or more is none.
    pub fn as_link_bandwidth(&self) -> Option<LinkBandwidth> {
        let [high, sub, a, b, c, d, e, f] = self.0;
        let rate = f32::from_be_bytes([c, d, e, f]);
        let is_one = high & !high::NON_TRANSITIVE == high::AS2 && sub == low::LINK_BANDWIDTH;
        (is_one && rate.is_finite() && rate >= 0.0).then(|| LinkBandwidth {
            asn: u16::from_be_bytes([a, b]),
            bytes_per_second: rate.into(),
            transitive: self.is_transitive(),
        })
    }

    /// A color.
    ///
    /// # Errors
    /// The CO bits are more than 3.
    pub fn color(color: Color) -> Result<Self, TextError> {
        if color.co > 3 {
            return Err(TextError(format!("{} are not CO bits of a color: 0-3", color.co)));
        }
        let [a, b, c, d] = color.color.to_be_bytes();
        Ok(ExtCommunity([high::OPAQUE, low::COLOR, color.co << 6, 0, a, b, c, d]))
    }

    /// If it is a color: which.
    pub fn as_color(&self) -> Option<Color> {
        let [high, sub, flags, _, a, b, c, d] = self.0;
        (high & !high::NON_TRANSITIVE == high::OPAQUE && sub == low::COLOR)
            .then(|| Color { color: u32::from_be_bytes([a, b, c, d]), co: flags >> 6 })
    }

    /// A group policy id.
    pub fn group_policy_id(policy: GroupPolicyId) -> Self {
        let [s0, s1] = policy.scope.to_be_bytes();
        let [i0, i1] = policy.id.to_be_bytes();
        ExtCommunity([high::OPAQUE, low::GROUP_POLICY_ID, s0, s1, 0, 0, i0, i1])
    }

    /// If it is a group policy id: which.
    pub fn as_group_policy_id(&self) -> Option<GroupPolicyId> {
        let [high, sub, s0, s1, _, _, i0, i1] = self.0;
        (high == high::OPAQUE && sub == low::GROUP_POLICY_ID)
            .then(|| GroupPolicyId { id: u16::from_be_bytes([i0, i1]), scope: u16::from_be_bytes([s0, s1]) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;
    use proptest::prelude::*;

    fn target(asn: u32, value: u32) -> Target {
        Target { administrator: Administrator::As(asn), value }
    }

    #[test]
    fn octets_are_those_of_the_rfcs() {
        let octets = |made: Result<ExtCommunity, TextError>| made.unwrap().raw();
        assert_eq!(octets(ExtCommunity::route_target(target(65_001, 100))), [0, 2, 0xfd, 0xe9, 0, 0, 0, 100]);
        assert_eq!(octets(ExtCommunity::route_target(target(70_000, 100))), [2, 2, 0, 1, 0x11, 0x70, 0, 100]);
        let by_address = Target { administrator: Administrator::Ipv4([192, 0, 2, 1].into()), value: 7 };
        assert_eq!(octets(ExtCommunity::site_of_origin(by_address)), [1, 3, 192, 0, 2, 1, 0, 7]);
        assert_eq!(
            octets(ExtCommunity::link_bandwidth(65_001, 125_000_000.0, false)),
            [0x40, 4, 0xfd, 0xe9, 0x4c, 0xee, 0x6b, 0x28]
        );
        assert_eq!(octets(ExtCommunity::link_bandwidth(70_000, 0.0, true)), [0, 4, 0x5b, 0xa0, 0, 0, 0, 0]);
        assert_eq!(octets(ExtCommunity::color(Color { color: 100, co: 1 })), [3, 0x0b, 0x40, 0, 0, 0, 0, 100]);
        assert_eq!(
            ExtCommunity::group_policy_id(GroupPolicyId { id: 100, scope: 1 }).raw(),
            [3, 0x17, 0, 1, 0, 0, 0, 100]
        );
    }

    #[test]
    fn a_reader_reads_only_its_kind() {
        let color = ExtCommunity::generic([3, 0x0b, 0xc0, 0, 0, 0, 0, 9]);
        assert_eq!(color.as_color(), Some(Color { color: 9, co: 3 }));
        assert!(color.as_route_target().is_none() && color.as_site_of_origin().is_none());
        assert!(color.as_link_bandwidth().is_none() && color.as_group_policy_id().is_none());
        assert!(ExtCommunity::generic([0x40, 4, 0, 1, 0xff, 0xff, 0xff, 0xff]).as_link_bandwidth().is_none());
        assert_eq!((color.type_high(), color.type_low(), color.as_u64()), (3, 0x0b, 0x030b_c000_0000_0009));
    }

    #[test]
    fn messages() {
        assert_snapshot!(ExtCommunity::route_target(target(70_000, 65_536)).unwrap_err(), @"the number 65536 is too big: 0-65535 after an IPv4 address or an AS number above 65535");
        assert_snapshot!(ExtCommunity::color(Color { color: 1, co: 4 }).unwrap_err(), @"4 are not CO bits of a color: 0-3");
        for rate in [-1.0, f64::NAN, f64::INFINITY, 1e39] {
            assert!(ExtCommunity::link_bandwidth(1, rate, true).is_err());
        }
        assert_snapshot!(ExtCommunity::link_bandwidth(1, -1.5, true).unwrap_err(), @"-1.5 is not a link bandwidth: octets per second, 0 or more");
    }

    proptest! {
        #[test]
        fn readers_read_what_makers_made(asn: u32, value: u32, id: u16, scope: u16, rate in 0f32..1e12, pass: bool, address: u32) {
            if let Ok(made) = ExtCommunity::route_target(target(asn, value)) {
                prop_assert_eq!(made.as_route_target(), Some(target(asn, value)));
            } else {
                prop_assert!(asn > 65_535 && value > 65_535);
            }
            let by_address = Target { administrator: Administrator::Ipv4(address.into()), value: id.into() };
            prop_assert_eq!(ExtCommunity::site_of_origin(by_address).unwrap().as_site_of_origin(), Some(by_address));
            let color = Color { color: value, co: (id & 3) as u8 };
            prop_assert_eq!(ExtCommunity::color(color).unwrap().as_color(), Some(color));
            let policy = GroupPolicyId { id, scope };
            prop_assert_eq!(ExtCommunity::group_policy_id(policy).as_group_policy_id(), Some(policy));
            let bandwidth = LinkBandwidth { asn: id, bytes_per_second: rate.into(), transitive: pass };
            let made = ExtCommunity::link_bandwidth(id.into(), rate.into(), pass).unwrap();
            prop_assert_eq!(made.as_link_bandwidth(), Some(bandwidth));
            prop_assert_eq!(made.is_transitive(), pass);
        }

        #[test]
        fn readers_never_panic(octets: [u8; 8]) {
            let any = ExtCommunity::generic(octets);
            let _ = (any.as_route_target(), any.as_site_of_origin(), any.as_link_bandwidth(), any.as_color(), any.as_group_policy_id());
        }
    }
}
