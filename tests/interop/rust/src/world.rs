//! What the program is told, and the person whom it asks for what a program cannot do: JSON, a line
//! each way (see ../../conversation.py).

use std::error::Error;
use std::fmt::Debug;
use std::io;

use openidconnect::url::Url;
use serde_json::{json, Value};

pub type Outcome<T = ()> = Result<T, Box<dyn Error>>;

pub struct World(Value);

impl World {
    pub fn hear() -> Outcome<World> {
        hear().map(World)
    }

    fn text(&self, pointer: &str) -> String {
        self.0.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    pub fn issuer(&self) -> String {
        self.text("/issuer")
    }

    pub fn redirect_uri(&self) -> String {
        self.text("/redirectUri")
    }

    pub fn after_sign_out(&self) -> String {
        self.text("/afterSignOut")
    }

    pub fn api(&self) -> String {
        self.text("/api")
    }

    pub fn sub(&self) -> String {
        self.text("/sub")
    }

    /// Id and secret of the client of that kind.
    pub fn client(&self, kind: &str) -> (String, String) {
        (self.text(&format!("/clients/{kind}/id")), self.text(&format!("/clients/{kind}/secret")))
    }

    /// Opens a URL in the person's browser, signs in and agrees; where that led.
    pub fn visit(&self, url: &Url) -> Outcome<Url> {
        let answer = ask(json!({"do": "visit", "url": url.as_str()}))?;
        let led = answer["url"].as_str().ok_or_else(|| format!("the person ended on {answer}"))?;
        Ok(Url::parse(led)?)
    }

    /// Types a device's code and decides: `allow` or `deny`.
    pub fn confirm(&self, code: &str, decision: &str) -> Outcome {
        ask(json!({"do": "confirm", "code": code, "decision": decision})).map(|_| ())
    }

    /// The provider signs with keys that nobody has seen yet.
    pub fn rotate_keys(&self) -> Outcome {
        ask(json!({"do": "rotate"}))?;
        ask(json!({"do": "rotate"})).map(|_| ())
    }
}

fn hear() -> Outcome<Value> {
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(serde_json::from_str(&line)?)
}

fn ask(question: Value) -> Outcome<Value> {
    println!("{question}");
    hear()
}

/// The value of a parameter of the query, or nothing.
pub fn parameter(url: &Url, name: &str) -> String {
    url.query_pairs()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into())
        .unwrap_or_default()
}

/// Asserts that the call failed for a reason that its error names.
pub fn refused<T, E: Debug>(result: Result<T, E>, reason: &str) {
    let error = format!("{:?}", result.err().unwrap_or_else(|| panic!("accepted, not {reason}")));
    assert!(error.contains(reason), "{error} instead of {reason}");
}

/// The JWT with another signature of the same length.
pub fn tampered(token: &str) -> String {
    let middle = token.rfind('.').expect("a JWT") + 20;
    let other = if token.as_bytes()[middle] == b'A' { "B" } else { "A" };
    format!("{}{other}{}", &token[..middle], &token[middle + 1..])
}
