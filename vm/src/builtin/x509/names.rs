//! Names: distinguished names, and the alternative names of a subject.

use super::der::{Der, SEQUENCE, SET};
use super::json::Json;
use crate::builtin::images::url::{self, Url, quote};
use std::net::{Ipv4Addr, Ipv6Addr};

/// An attribute of a distinguished name.
pub(super) struct Attribute {
    pub(super) kind: Vec<u32>,
    pub(super) value: String,
}

/// A text of one of ASN.1's string types.
pub(super) fn string(tag: u8, bytes: &[u8]) -> Result<String, String> {
    let ascii = |valid: fn(&u8) -> bool, name: &str| {
        if bytes.iter().all(valid) {
            Ok(bytes.iter().map(|b| char::from(*b)).collect())
        } else {
            Err(format!("invalid {name}"))
        }
    };
    match tag {
        0x0c => std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| "invalid UTF-8 string".to_owned()),
        0x12 => ascii(|b| b.is_ascii_digit() || *b == b' ', "NumericString"),
        0x13 => ascii(|b| b.is_ascii_alphanumeric() || b" '()+,-./:=?*&".contains(b), "PrintableString"),
        // T.61, which everybody reads as Latin-1.
        0x14 => ascii(|_| true, "T61String"),
        0x16 => ascii(u8::is_ascii, "IA5String"),
        0x1e => bmp(bytes).ok_or_else(|| "invalid BMPString".to_owned()),
        _ => Err(format!("unsupported string type: {tag}")),
    }
}

/// Two bytes a character, without surrogates and what is never a character.
fn bmp(bytes: &[u8]) -> Option<String> {
    let bytes = bytes.strip_suffix(&[0, 0]).filter(|_| bytes.len().is_multiple_of(2)).unwrap_or(bytes);
    let (pairs, rest) = bytes.as_chunks::<2>();
    let chars = pairs.iter().map(|pair| u32::from(u16::from_be_bytes(*pair)));
    let chars = chars.map(|c| char::from_u32(c).filter(|_| c < 0xfffe && !(0xfdd0..=0xfdef).contains(&c)));
    if rest.is_empty() { chars.collect() } else { None }
}

/// The attributes of a distinguished name.
pub(super) fn distinguished(mut der: Der<'_>) -> Result<Vec<Attribute>, String> {
    const INVALID: &str = "x509: invalid RDNSequence";
    let mut sets = der.read(SEQUENCE).ok_or(INVALID)?;
    let mut out = Vec::new();
    while !sets.is_empty() {
        let mut set = sets.read(SET).ok_or(INVALID)?;
        while !set.is_empty() {
            let mut attribute = set.read(SEQUENCE).ok_or_else(|| format!("{INVALID}: invalid attribute"))?;
            let kind = attribute.oid().ok_or_else(|| format!("{INVALID}: invalid attribute type"))?;
            let value = attribute.any().ok_or_else(|| format!("{INVALID}: invalid attribute value"))?;
            let value =
                string(value.tag, value.inner).map_err(|why| format!("{INVALID}: invalid attribute value: {why}"))?;
            out.push(Attribute { kind, value });
        }
    }
    Ok(out)
}

/// A distinguished name as Go's pkix.Name.
pub(super) fn name_json(attributes: Vec<Attribute>) -> Json {
    let all = |number: u32| {
        let found = attributes.iter().filter(move |a| a.kind == [2, 5, 4, number]);
        found.map(|a| a.value.clone()).collect::<Vec<String>>()
    };
    let last = |number: u32| Json::Text(all(number).pop().unwrap_or_default());
    Json::Map(vec![
        ("Country", Json::texts(all(6))),
        ("Organization", Json::texts(all(10))),
        ("OrganizationalUnit", Json::texts(all(11))),
        ("Locality", Json::texts(all(7))),
        ("Province", Json::texts(all(8))),
        ("StreetAddress", Json::texts(all(9))),
        ("PostalCode", Json::texts(all(17))),
        ("SerialNumber", last(5)),
        ("CommonName", last(3)),
        (
            "Names",
            Json::slice(&attributes, |a| {
                Json::Map(vec![("Type", Json::oid(&a.kind)), ("Value", Json::Text(a.value.clone()))])
            }),
        ),
        ("ExtraNames", Json::Null),
    ])
}

/// The alternative names of a subject.
#[derive(Default)]
pub(super) struct Alternatives {
    pub(super) dns: Vec<String>,
    pub(super) emails: Vec<String>,
    pub(super) addresses: Vec<String>,
    pub(super) uris: Vec<Url>,
}

impl Alternatives {
    pub(super) fn is_empty(&self) -> bool {
        self.dns.is_empty() && self.emails.is_empty() && self.addresses.is_empty() && self.uris.is_empty()
    }

    pub(super) fn read(mut der: Der<'_>) -> Result<Self, String> {
        let mut names = der.read(SEQUENCE).ok_or("x509: invalid subject alternative names")?;
        let mut out = Self::default();
        while !names.is_empty() {
            let name = names.any().ok_or("x509: invalid subject alternative name")?;
            let ascii = |what: &str| ascii(name.inner).ok_or_else(|| format!("x509: SAN {what} is malformed"));
            match name.tag ^ 0x80 {
                1 => out.emails.push(ascii("rfc822Name")?),
                2 => out.dns.push(ascii("dNSName")?),
                6 => out.uris.push(uri(&ascii("uniformResourceIdentifier")?)?),
                7 => out.addresses.push(
                    address(name.inner)
                        .ok_or_else(|| format!("x509: cannot parse IP address of length {}", name.inner.len()))?,
                ),
                _ => {}
            }
        }
        Ok(out)
    }

    pub(super) fn into_json(self) -> Vec<(&'static str, Json)> {
        vec![
            ("DNSNames", Json::texts(self.dns)),
            ("EmailAddresses", Json::texts(self.emails)),
            ("IPAddresses", Json::texts(self.addresses)),
            ("URIs", Json::slice(self.uris, url_json)),
        ]
    }
}

/// ASCII bytes as text.
pub(super) fn ascii(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).ok().filter(|text| text.is_ascii()).map(str::to_owned)
}

/// An address of four or sixteen bytes.
pub(super) fn address(bytes: &[u8]) -> Option<String> {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(v4).to_string());
    }
    let v6 = Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?);
    // Go prints an IPv4 address inside an IPv6 one as IPv4.
    Some(v6.to_ipv4_mapped().map_or_else(|| v6.to_string(), |v4| v4.to_string()))
}

fn uri(text: &str) -> Result<Url, String> {
    let cannot = |why: &str| format!("x509: cannot parse URI {}: {why}", quote(text));
    let url = url::parse(text).map_err(|why| cannot(&why))?;
    if is_domain(&url.host, false) { Ok(url) } else { Err(cannot("invalid domain")) }
}

/// Go: crypto/x509, domainNameValid.
pub(super) fn is_domain(text: &str, constraint: bool) -> bool {
    let labels = if constraint { text.strip_prefix('.').unwrap_or(text) } else { text };
    text.is_empty()
        || (labels.bytes().all(|b| (33..=126).contains(&b)) && labels.split('.').all(|label| !label.is_empty()))
}

fn url_json(url: Url) -> Json {
    // The fields of a user are private, so that nothing of it is shown.
    let user = if url.has_user { Json::Map(Vec::new()) } else { Json::Null };
    Json::Map(vec![
        ("Scheme", Json::Text(url.scheme)),
        ("Opaque", Json::Text(url.opaque)),
        ("User", user),
        ("Host", Json::Text(url.host)),
        ("Path", Json::Text(url.path)),
        ("RawPath", Json::Text(url.raw_path)),
        ("OmitHost", Json::Bool(url.omit_host)),
        ("ForceQuery", Json::Bool(url.force_query)),
        ("RawQuery", Json::Text(url.raw_query)),
        ("Fragment", Json::Text(url.fragment)),
        ("RawFragment", Json::Text(url.raw_fragment)),
    ])
}
