//! Constraints on the names that a CA may certify. Go: crypto/x509, parseNameConstraintsExtension.

use super::der::{Der, SEQUENCE, explicit};
use super::json::Json;
use super::names::{address, ascii, is_domain};
use crate::builtin::images::url::{quote, quote_bytes};

/// The names that are permitted, and those that are excluded.
#[derive(Default)]
pub(super) struct Constraints {
    critical: bool,
    permitted: Subtrees,
    excluded: Subtrees,
}

#[derive(Default)]
struct Subtrees {
    domains: Vec<String>,
    ranges: Vec<(String, Vec<u8>)>,
    emails: Vec<String>,
    uris: Vec<String>,
    /// Whether all kinds of names were understood
    known: bool,
}

const INVALID: &str = "x509: invalid NameConstraints extension";

impl Constraints {
    /// The constraints, and whether all were understood.
    pub(super) fn read(mut der: Der<'_>, critical: bool) -> Result<(Self, bool), String> {
        let mut top = der.read(SEQUENCE).filter(|_| der.is_empty()).ok_or(INVALID)?;
        let permitted = top.optional(explicit(0)).ok_or(INVALID)?.unwrap_or(Der(&[]));
        let excluded = top.optional(explicit(1)).ok_or(INVALID)?.unwrap_or(Der(&[]));
        if !top.is_empty() {
            return Err(INVALID.to_owned());
        }
        if permitted.is_empty() && excluded.is_empty() {
            return Err("x509: empty name constraints extension".to_owned());
        }
        let (permitted, excluded) = (Subtrees::read(permitted)?, Subtrees::read(excluded)?);
        let known = permitted.known && excluded.known;
        Ok((Self { critical, permitted, excluded }, known))
    }

    pub(super) fn into_json(self) -> Vec<(&'static str, Json)> {
        let ranges = |list: Vec<(String, Vec<u8>)>| {
            Json::slice(list, |(address, mask)| {
                Json::Map(vec![("IP", Json::Text(address)), ("Mask", Json::bytes(&mask))])
            })
        };
        vec![
            ("PermittedDNSDomainsCritical", Json::Bool(self.critical)),
            ("PermittedDNSDomains", Json::texts(self.permitted.domains)),
            ("ExcludedDNSDomains", Json::texts(self.excluded.domains)),
            ("PermittedIPRanges", ranges(self.permitted.ranges)),
            ("ExcludedIPRanges", ranges(self.excluded.ranges)),
            ("PermittedEmailAddresses", Json::texts(self.permitted.emails)),
            ("ExcludedEmailAddresses", Json::texts(self.excluded.emails)),
            ("PermittedURIDomains", Json::texts(self.permitted.uris)),
            ("ExcludedURIDomains", Json::texts(self.excluded.uris)),
        ]
    }
}

impl Subtrees {
    fn read(mut der: Der<'_>) -> Result<Self, String> {
        let mut out = Self { known: true, ..Self::default() };
        while !der.is_empty() {
            let mut tree = der.read(SEQUENCE).ok_or(INVALID)?;
            let name = tree.any().ok_or(INVALID)?;
            let text = || {
                ascii(name.inner).ok_or_else(|| {
                    let shown = quote_bytes(name.inner);
                    format!("x509: invalid constraint value: x509: {shown} cannot be encoded as an IA5String")
                })
            };
            match name.tag ^ 0x80 {
                1 => out.emails.push(email(text()?)?),
                2 => out.domains.push(domain(text()?, "dnsName")?),
                6 => {
                    let text = text()?;
                    if text.parse::<std::net::IpAddr>().is_ok() {
                        let shown = quote(&text);
                        return Err(format!("x509: failed to parse URI constraint {shown}: cannot be IP address"));
                    }
                    out.uris.push(domain(text, "URI")?);
                }
                7 => out.ranges.push(range(name.inner)?),
                _ => out.known = false,
            }
        }
        Ok(out)
    }
}

fn domain(text: String, kind: &str) -> Result<String, String> {
    if is_domain(&text, true) {
        Ok(text)
    } else {
        Err(format!("x509: failed to parse {kind} constraint {}", quote(&text)))
    }
}

/// A mailbox or a domain.
fn email(text: String) -> Result<String, String> {
    match text.rsplit_once('@') {
        Some((local, host)) if local.is_empty() || host.is_empty() || !is_domain(host, false) => {
            Err(format!("x509: failed to parse rfc822Name constraint {}", quote(&text)))
        }
        Some(_) => Ok(text),
        None => domain(text, "rfc822Name"),
    }
}

/// An address and a mask of the same length.
fn range(bytes: &[u8]) -> Result<(String, Vec<u8>), String> {
    let halves = bytes.split_at_checked(bytes.len() / 2).filter(|_| matches!(bytes.len(), 8 | 32));
    let Some((text, mask)) = halves.and_then(|(ip, mask)| Some((address(ip)?, mask))) else {
        return Err(format!("x509: IP constraint contained value of length {}", bytes.len()));
    };
    let ones: u32 = mask.iter().map(|b| b.count_ones()).sum();
    let leading: u32 = mask
        .iter()
        .scan(true, |all, b| {
            let ones = if *all { b.leading_ones() } else { 0 };
            *all = *all && *b == 0xff;
            Some(ones)
        })
        .sum();
    if ones != leading {
        let shown: String = mask.iter().map(|b| format!("{b:02x}")).collect();
        return Err(format!("x509: IP constraint contained invalid mask {shown}"));
    }
    Ok((text, mask.to_vec()))
}
