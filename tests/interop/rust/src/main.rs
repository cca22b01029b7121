//! A client made of the crate openidconnect: `interop FEATURE`. A panic or an error ends it badly.

mod features;
mod http;
mod party;
mod world;

use world::{Outcome, World};

fn main() -> Outcome {
    let name = std::env::args().nth(1).ok_or("which feature?")?;
    let feature: fn(&World) -> Outcome = match name.as_str() {
        "sign_in" => features::sign_in,
        "sign_in_with_post" => features::sign_in_with_post,
        "public_sign_in" => features::public_sign_in,
        "signed_answers" => features::signed_answers,
        "refresh" => features::refresh,
        "introspect_and_revoke" => features::introspect_and_revoke,
        "sign_out" => features::sign_out,
        "access_token" => features::access_token,
        "device" => features::device,
        "client_credentials" => features::client_credentials,
        "register" => features::register,
        "refusals" => features::refusals,
        "keys_rotate" => features::keys_rotate,
        "bad_tokens" => features::bad_tokens,
        _ => return Err(format!("no feature {name}").into()),
    };
    feature(&World::hear()?)
}
