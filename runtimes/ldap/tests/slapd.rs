// SPDX-License-Identifier: GPL-2.0-or-later
//! Against OpenLDAP's slapd (Debian package slapd), started by each test with its
//! own configuration, database and ports on loopback, and stopped by it.

mod server;

use std::time::Instant;

use frr_runtime::testing::TestHost;
use ldap::service::Directory;
use serde_json::{Value, json};
use server::{ADMIN, PASSWORD, Server, free_port};

fn load(config: &Value) -> TestHost {
    TestHost::load::<Directory>(Some(&config.to_string())).unwrap()
}

/// As the one who may do everything.
fn admin(server: &Server) -> TestHost {
    load(&json!({ "urls": [server.ldap()], "dn": ADMIN, "password": PASSWORD, "timeout": 20 }))
}

fn anonymous(server: &Server) -> TestHost {
    load(&json!({ "urls": [server.ldap()] }))
}

fn plain(value: frr_runtime::Value) -> Value {
    // Octets that are no text become a list of numbers.
    value.deserialized().unwrap()
}

fn ask(host: &TestHost, request: Value) -> Result<Value, Value> {
    host.call(&request).map(plain).map_err(plain)
}

fn kind(outcome: Result<Value, Value>) -> String {
    outcome.unwrap_err()["kind"].as_str().unwrap().to_string()
}

fn dns(answer: &Value) -> Vec<&str> {
    answer["entries"].as_array().unwrap().iter().map(|entry| entry["dn"].as_str().unwrap()).collect()
}

fn add_people(host: &TestHost, names: impl Iterator<Item = String>) {
    for name in names {
        let attrs = json!({ "objectClass": ["inetOrgPerson"], "sn": name, "uid": [name], "employeeNumber": 7 });
        let dn = format!("cn={name},ou=people,dc=example,dc=org");
        assert_eq!(ask(host, json!({ "op": "add", "dn": dn, "attrs": attrs })), Ok(json!(true)));
    }
}

#[test]
fn a_search_finds_what_it_is_told_to() {
    let server = Server::start();
    let host = admin(&server);
    add_people(&host, ["ada", "brook", "Čapek*(x)"].map(String::from).into_iter());
    let search = |more: Value| {
        let mut request = json!({ "op": "search", "base": "dc=example,dc=org" });
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ask(&host, request)
    };
    let all = search(json!({})).unwrap();
    assert_eq!(all["entries"].as_array().unwrap().len(), 5, "{all}");
    assert_eq!((&all["truncated"], &all["referrals"]), (&json!(false), &json!([])));
    let one = search(json!({ "scope": "one", "attrs": ["ou"] })).unwrap();
    assert_eq!(one["entries"], json!([{ "dn": "ou=people,dc=example,dc=org", "attrs": { "ou": ["people"] } }]));
    let base = search(json!({ "scope": "base", "attrs": ["dc"] })).unwrap();
    assert_eq!(dns(&base), ["dc=example,dc=org"]);
    let ada = search(json!({ "filter": "(&(uid=ada)(employeeNumber=7))", "attrs": ["uid", "sn", "mail"] })).unwrap();
    assert_eq!(ada["entries"][0]["attrs"], json!({ "uid": ["ada"], "sn": ["ada"] }));
    // As frr.ldap escapes it.
    let escaped = search(json!({ "filter": "(uid=\\c4\\8capek\\2a\\28x\\29)", "attrs": ["uid"] })).unwrap();
    assert_eq!(escaped["entries"][0]["attrs"], json!({ "uid": ["Čapek*(x)"] }));
    assert_eq!(search(json!({ "filter": "(uid=nobody)" })).unwrap()["entries"], json!([]));
    assert_eq!(kind(search(json!({ "filter": "(uid=" }))), "request");
    assert_eq!(kind(search(json!({ "base": "dc=nowhere" }))), "noSuchObject");
    let error = search(json!({ "base": "ou=x,ou=people,dc=example,dc=org" })).unwrap_err();
    assert_eq!((&error["code"], &error["matched"]), (&json!(32), &json!("ou=people,dc=example,dc=org")));
    assert_eq!(kind(search(json!({ "base": "nonsense" }))), "invalidDNSyntax");
    assert_eq!(kind(ask(&host, json!({ "op": "frobnicate" }))), "request");
}

#[test]
fn values_may_be_any_octets() {
    let server = Server::start();
    let host = admin(&server);
    add_people(&host, ["ada"].map(String::from).into_iter());
    let secret: Vec<u8> = (0..=255).rev().collect();
    let octets = |bytes: &[u8]| frr_runtime::Value::Bytes(bytes.to_vec());
    let text = |text: &str| frr_runtime::Value::Text(text.into());
    let dn = "cn=ada,ou=people,dc=example,dc=org";
    let change = frr_runtime::Value::Map(vec![(
        text("replace"),
        frr_runtime::Value::Array(vec![text("userPassword"), octets(&secret)]),
    )]);
    let request = frr_runtime::Value::Map(vec![
        (text("op"), text("modify")),
        (text("dn"), text(dn)),
        (text("changes"), frr_runtime::Value::Array(vec![change])),
    ]);
    host.call(&request).unwrap();
    let found = host.call(&json!({ "op": "search", "base": dn, "scope": "base", "attrs": ["userPassword"] })).unwrap();
    assert!(format!("{found:?}").contains(&format!("{:?}", octets(&secret))), "{found:?}");
    let compare = |value: &[u8]| {
        host.call(&frr_runtime::Value::Map(vec![
            (text("op"), text("compare")),
            (text("dn"), text(dn)),
            (text("attr"), text("userPassword")),
            (text("value"), octets(value)),
        ]))
    };
    assert_eq!(compare(&secret), Ok(frr_runtime::Value::Bool(true)));
}

#[test]
fn entries_are_written() {
    let server = Server::start();
    let host = admin(&server);
    add_people(&host, ["ada"].map(String::from).into_iter());
    let dn = "cn=ada,ou=people,dc=example,dc=org";
    let read = |dn: &str| {
        ask(
            &host,
            json!({ "op": "search", "base": dn, "scope": "base", "attrs": ["mail", "title", "employeeNumber", "cn"] }),
        )
    };
    let modify = |changes: Value| ask(&host, json!({ "op": "modify", "dn": dn, "changes": changes }));
    let yes = Ok(json!(true));
    assert_eq!(
        modify(json!([{ "add": ["mail", ["a@example.org", "b@example.org"]] }, { "replace": ["title", "Dr"] }])),
        yes
    );
    assert_eq!(modify(json!([{ "delete": ["mail", "a@example.org"] }, { "delete": ["title"] }])), yes);
    assert_eq!(
        read(dn).unwrap()["entries"][0]["attrs"],
        json!({ "mail": ["b@example.org"], "employeeNumber": ["7"], "cn": ["ada"] })
    );
    // All or nothing.
    assert_eq!(
        kind(modify(json!([{ "replace": ["title", "Prof"] }, { "add": ["mail", "b@example.org"] }]))),
        "attributeOrValueExists"
    );
    assert_eq!(read(dn).unwrap()["entries"][0]["attrs"]["title"], Value::Null);
    assert_eq!(kind(modify(json!([{ "add": ["nonsense", "x"] }]))), "undefinedAttributeType");
    assert_eq!(kind(modify(json!([{ "frob": ["mail", "x"] }]))), "request");
    let compare = |value: &str| ask(&host, json!({ "op": "compare", "dn": dn, "attr": "mail", "value": value }));
    assert_eq!((compare("b@example.org"), compare("c@example.org")), (yes.clone(), Ok(json!(false))));
    assert_eq!(
        kind(ask(&host, json!({ "op": "compare", "dn": dn, "attr": "title", "value": "x" }))),
        "noSuchAttribute"
    );
    let again = ask(&host, json!({ "op": "add", "dn": dn, "attrs": { "objectClass": "inetOrgPerson", "sn": "x" } }));
    assert_eq!(kind(again), "entryAlreadyExists");
    let other = "cn=eve,ou=people,dc=example,dc=org";
    assert_eq!(ask(&host, json!({ "op": "rename", "dn": dn, "rdn": "cn=eve" })), yes);
    assert_eq!(read(other).unwrap()["entries"][0]["attrs"]["cn"], json!(["eve"]));
    assert_eq!(kind(read(dn)), "noSuchObject");
    assert_eq!(ask(&host, json!({ "op": "delete", "dn": other })), yes);
    assert_eq!(kind(ask(&host, json!({ "op": "delete", "dn": other }))), "noSuchObject");
    assert_eq!(
        kind(ask(&anonymous(&server), json!({ "op": "delete", "dn": "ou=people,dc=example,dc=org" }))),
        "strongerAuthRequired"
    );
}

#[test]
fn limits_of_a_search() {
    let server = Server::start();
    let host = admin(&server);
    add_people(&host, (0..250).map(|n| format!("p{n:03}")));
    let search = |host: &TestHost, size_limit: usize, page_size: u16| {
        let request = json!({
            "op": "search", "base": "ou=people,dc=example,dc=org", "scope": "one", "attrs": ["uid"],
            "size_limit": size_limit, "page_size": page_size,
        });
        let answer = ask(host, request).unwrap();
        (answer["entries"].as_array().unwrap().len(), answer["truncated"].as_bool().unwrap())
    };
    for page_size in [0, 1, 100, 125, 250, 500] {
        for (limit, wanted) in
            [(1000, (250, false)), (250, (250, false)), (249, (249, true)), (100, (100, true)), (1, (1, true))]
        {
            assert_eq!(search(&host, limit, page_size), wanted, "{limit} in pages of {page_size}");
        }
    }
    // The server lets others have 200.
    let other = anonymous(&server);
    assert_eq!(search(&other, 1000, 50), (200, true));
    assert_eq!(search(&other, 1000, 0), (200, true));
}

#[test]
fn passwords_are_checked() {
    let server = Server::start();
    let host = admin(&server);
    let check = |dn: &str, password: &str| ask(&host, json!({ "op": "check", "dn": dn, "password": password }));
    assert_eq!(check(ADMIN, PASSWORD), Ok(json!(true)));
    assert_eq!(check(ADMIN, "wrong"), Ok(json!(false)));
    assert_eq!(check(ADMIN, ""), Ok(json!(false)), "no password is not anyone's");
    assert_eq!(check("", ""), Ok(json!(false)));
    assert_eq!(check("cn=nobody,dc=example,dc=org", "x"), Ok(json!(false)));
    // Ours stays who it was.
    add_people(&host, ["ada"].map(String::from).into_iter());

    let wrong = load(&json!({ "urls": [server.ldap()], "dn": ADMIN, "password": "wrong" }));
    let error = ask(&wrong, json!({ "op": "search", "base": "" })).unwrap_err();
    assert_eq!((&error["kind"], &error["code"]), (&json!("invalidCredentials"), &json!(49)));
    assert!(error["message"].as_str().unwrap().starts_with(&server.ldap()), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, format!("{PASSWORD}\n")).unwrap();
    let from_file = load(&json!({ "urls": [server.ldap()], "dn": ADMIN, "password_file": file }));
    add_people(&from_file, ["eve"].map(String::from).into_iter());
}

#[test]
fn tls_is_verified() {
    let server = Server::start();
    let whole = json!({ "op": "search", "base": "dc=example,dc=org", "scope": "base" });
    let outcome = |config: Value| ask(&load(&config), whole.clone());
    for config in [
        json!({ "urls": [server.ldaps("localhost")], "ca": server.ca() }),
        json!({ "urls": [server.ldaps("127.0.0.1")], "ca": server.ca() }),
        json!({ "urls": [server.ldap()], "starttls": true, "ca": server.ca(), "dn": ADMIN, "password": PASSWORD }),
        json!({ "urls": [server.ldapi()] }),
    ] {
        assert_eq!(dns(&outcome(config.clone()).unwrap()), ["dc=example,dc=org"], "{config}");
    }
    let other = Server::start();
    for config in [
        json!({ "urls": [server.ldaps("localhost")], "ca": other.ca() }),
        json!({ "urls": [server.ldaps("localhost")] }),
        json!({ "urls": [server.ldaps("127.0.0.2")], "ca": server.ca() }),
        json!({ "urls": [server.ldap()], "starttls": true }),
    ] {
        let error = outcome(config.clone()).unwrap_err();
        assert_eq!(error["kind"], "tls", "{config}: {error}");
    }
}

#[test]
fn a_bad_configuration_is_refused() {
    let refused = |config: Value| TestHost::load::<Directory>(Some(&config.to_string())).err().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty");
    std::fs::write(&empty, "").unwrap();
    for (config, text) in [
        (json!({}), "no server"),
        (json!({ "urls": ["http://localhost"] }), "http is not ldap, ldaps or ldapi"),
        (json!({ "urls": ["ldap://"] }), "has no host"),
        (json!({ "urls": ["ldap:localhost"] }), "has no host"),
        (json!({ "urls": ["localhost"] }), "url localhost: "),
        (json!({ "urls": ["ldap://localhost"], "ca": empty }), "no connection uses TLS"),
        (json!({ "urls": ["ldaps://localhost"], "ca": empty }), "no certificate in it"),
        (json!({ "urls": ["ldaps://localhost"], "ca": "/nonexistent" }), "/nonexistent"),
        (json!({ "urls": ["ldap://localhost"], "dn": ADMIN }), "dn and password go together"),
        (json!({ "urls": ["ldap://localhost"], "dn": ADMIN, "password": "" }), "neither may be empty"),
        (json!({ "urls": ["ldap://192.0.2.1"], "dn": ADMIN, "password": "x" }), "in plain text"),
        (json!({ "urls": ["ldap://localhost.example"], "dn": ADMIN, "password": "x" }), "in plain text"),
        (json!({ "urls": ["ldap://localhost"], "connections": 0 }), "is not from 1 to 64"),
        (json!({ "urls": ["ldap://localhost"], "timeout": 0 }), "expected seconds above 0"),
        (json!({ "urls": ["ldap://localhost"], "tiemout": 1 }), "unknown field `tiemout`"),
    ] {
        let message = refused(config.clone());
        assert!(message.contains(text), "{config}: {message}");
    }
    for config in [
        json!({ "urls": ["ldap://192.0.2.1"], "dn": ADMIN, "password": "x", "plaintext": true }),
        json!({ "urls": ["ldap://[::1]:10389"], "dn": ADMIN, "password": "x" }),
        json!({ "urls": ["ldap://192.0.2.1"], "dn": ADMIN, "password": "x", "starttls": true }),
    ] {
        load(&config);
    }
}

#[test]
fn connections_are_kept_shared_and_replaced() {
    let mut server = Server::start();
    let host = load(&json!({ "urls": [server.ldap()], "connections": 2 }));
    let whole = json!({ "op": "search", "base": "dc=example,dc=org" });
    let pending: Vec<_> = (0..50).map(|_| host.begin(&whole)).collect();
    for call in pending {
        call.wait().unwrap();
    }
    assert_eq!(server.connections(), 2);
    // The server was restarted: a search does not notice.
    server.stop();
    assert_eq!(kind(ask(&host, whole.clone())), "connect");
    server.run();
    ask(&host, whole.clone()).unwrap();
    // It goes away without a word: still a search does not notice.
    server.kill();
    server.run();
    ask(&host, whole.clone()).unwrap();
    // The next server is asked when the first one does not answer.
    let two = load(&json!({ "urls": [format!("ldap://127.0.0.1:{}", free_port()), server.ldap()] }));
    ask(&two, whole.clone()).unwrap();
    host.unload();
    two.unload();
    server.no_connections();
}

#[test]
fn a_server_that_hangs_costs_a_timeout() {
    let server = Server::start();
    let whole = json!({ "op": "search", "base": "dc=example,dc=org" });
    let host = load(&json!({ "urls": [server.ldap()], "timeout": 0.5, "connect_timeout": 0.5 }));
    ask(&host, whole.clone()).unwrap();
    server.freeze();
    let started = Instant::now();
    // Once on the connection that is there, then on new ones (connected by the kernel, but not bound).
    for _ in 0..2 {
        assert_eq!(kind(ask(&host, whole.clone())), "timeout");
    }
    let bound = load(&json!({ "urls": [server.ldap()], "dn": ADMIN, "password": PASSWORD, "connect_timeout": 0.5 }));
    let error = ask(&bound, whole.clone()).unwrap_err();
    assert_eq!(error["message"], json!(format!("{}: not connected after 0.5 s", server.ldap())));
    assert!(started.elapsed().as_secs() < 20);
    server.thaw();
    ask(&host, whole.clone()).unwrap();
    ask(&bound, whole).unwrap();
    // Nobody waits any more: the call ends, and so does its connection.
    server.freeze();
    let slow = load(&json!({ "urls": [server.ldap()], "timeout": 3600, "connect_timeout": 3600 }));
    let call = slow.begin(&json!({ "op": "search", "base": "dc=example,dc=org" }));
    call.cancel();
    assert_eq!(kind(call.wait().map(plain).map_err(plain)), "cancelled");
    server.thaw();
}
