//! Functions on names of things outside: images and addresses.

mod address;
pub(super) mod reference;
#[cfg(test)]
mod tests;
pub(super) mod url;

pub use reference::Image;

use super::strings::{BOOL, STR, function, text};
use super::{Builtin, Call, Failure};
use crate::value::Val;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The family.
pub(crate) const FUNCTIONS: &[Builtin] = &[
    function(
        "image_normalize",
        &[STR],
        STR,
        "normalizes an image reference",
        &[("image_normalize('nginx')", "\"docker.io/nginx:latest\"")],
        image_normalize,
    ),
    Builtin {
        name: "is_external_url",
        args: &[STR],
        variadic: false,
        returns: BOOL,
        doc: "determine if a URL points to an external network address",
        examples: &[("is_external_url('http://10.0.0.1/x')", "false"), ("is_external_url('http://8.8.8.8')", "true")],
        pure: false,
        code: is_external_url,
    },
];

fn image_normalize(call: &mut Call<'_, '_>, args: &[Val]) -> Result<Val, Failure> {
    let out = reference::normalize(text(call, args, 0))
        .map_err(|why| Failure::Error(format!("JMESPath function 'image_normalize': {why}")))?;
    call.make_str(&out)
}

fn is_external_url(call: &mut Call<'_, '_>, args: &[Val]) -> Result<Val, Failure> {
    let source = text(call, args, 0);
    let url = url::parse(source).map_err(Failure::Error)?;
    let host = url.hostname();
    let (address, zone) = host.split_once('%').unwrap_or((host, ""));
    let external = match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(v4)) if zone.is_empty() => is_external_v4(v4),
        Ok(IpAddr::V6(v6)) => v6.to_ipv4_mapped().map_or_else(|| is_external_v6(v6), is_external_v4),
        _ => (call.environment.is_external_host)(host).map_err(Failure::Error)?,
    };
    Ok(Val::Bool(external))
}

fn is_external_v4(address: Ipv4Addr) -> bool {
    !(address.is_loopback() || address.is_private())
}

fn is_external_v6(address: Ipv6Addr) -> bool {
    !(address.is_loopback() || address.is_unique_local())
}
