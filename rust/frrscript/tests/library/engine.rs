// SPDX-License-Identifier: GPL-2.0-or-later
//! Sources that are hard on a compiler: it runs outside of the time limit, so its size limits must hold.

use super::host::Host;
use std::time::{Duration, Instant};

#[test]
fn deep_and_long_sources_end_soon() {
    let deep = |open: &str, middle: &str, close: &str, n: usize| {
        format!("local x = {}{middle}{}\n", open.repeat(n), close.repeat(n))
    };
    let sources = [
        deep("(", "1", ")", 400_000),
        deep("{", "1", "}", 400_000),
        deep("function() return ", "1", " end", 20_000),
        deep("-", "1", "", 900_000),
        deep("not ", "1", "", 200_000),
        deep("'x'..", "'x'", "", 150_000),
        deep("1+", "1", "", 400_000),
        deep("2^", "1", "", 400_000),
        deep("`{", "1", "}`", 200_000),
        deep("f", "", ".x", 300_000),
        format!("f{}", "()".repeat(400_000)),
        format!("local x = f{}", ".x".repeat(400_000)),
        format!("local x = f{}", "[1]".repeat(300_000)),
        format!("local x: {} = 1", "A<".repeat(300_000)),
        format!("local x = 1{}", " :: any".repeat(140_000)),
        format!("{}{}", "do ".repeat(140_000), "end ".repeat(140_000)),
        format!("if x then {} end", "elseif x then ".repeat(70_000)),
        format!("{}{}", "if x then ".repeat(60_000), "end ".repeat(60_000)),
        format!("local x = {}1", "if x then 1 else ".repeat(60_000)),
        format!("local t = {{{}}}", "1,".repeat(400_000)),
        format!("return {}", "a=1 ".repeat(200_000)),
        "local x = 1\n".repeat(80_000),
        (0..60_000).map(|n| format!("x{n}=1 ")).collect(),
        (0..30_000).map(|n| format!("function f{n}() end ")).collect(),
        (0..25_000).map(|n| format!("function f(a{n})end\n")).collect(),
        format!("function f({}) end", (0..100_000).map(|n| format!("a{n},")).collect::<String>() + "a"),
        format!(
            "function f({}) end {}",
            (0..200).map(|n| format!("a{n},")).collect::<String>() + "a",
            "a.x = 1 ".repeat(100_000)
        ),
        format!("local function f(a) return a + a end\nx = {}", "f(".repeat(300) + "1" + &")".repeat(300)),
        {
            // Inlining of inlined functions.
            let mut source = "local function f0(a) return a * a + a end\n".to_owned();
            for n in 1..150 {
                let m = n - 1;
                source.push_str(&format!("local function f{n}(a) return f{m}(a) + f{m}(a) + f{m}(a) end\n"));
            }
            source
        },
        format!("for a = 1, 8 do {} x = a {}", "for b = 1, 8 do ".repeat(100), "end ".repeat(101)),
        format!("x = '{}'", "\\u{10ffff}".repeat(90_000)),
        format!("x = {}", "[==[\n".repeat(100_000)),
        "\0".repeat(1_000_000),
        "{".repeat(1_000_000),
        "@".repeat(1_000_000),
        "--[[".repeat(200_000),
    ];
    let host = Host::with("");
    host.load("s").unwrap();
    for (n, source) in sources.into_iter().enumerate() {
        assert!(source.len() <= 1 << 20 || n == 2, "{n}: {}", source.len());
        host.write("s", &source);
        let start = Instant::now();
        let result = host.reload("s");
        let took = start.elapsed();
        eprintln!("{n}: {took:?} {} {}", result.is_ok(), &source[..source.len().min(30)]);
        assert!(took < Duration::from_secs(8), "{n}: {took:?} {}", &source[..source.len().min(60)]);
    }
}
