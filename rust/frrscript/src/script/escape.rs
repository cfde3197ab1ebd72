// SPDX-License-Identifier: GPL-2.0-or-later
//! Which parameters of a script's functions can't outlive their call.
//!
//! A view is made anew for every call, so that one that a script kept raises an error later instead of showing the next
//! route. Making and collecting it costs as much as four reads. A parameter that the source only ever follows with `.` or
//! `:` is never copied anywhere: nobody can keep it, and one view of it serves all calls.
//!
//! The same goes for a list of such a parameter, `attributes.communities`: where the source only ever calls its methods or
//! asks for its length, at once or through a local variable, one object serves all calls.
//!
//! This reads tokens, not a syntax tree, and errs on the safe side: whatever it does not understand counts as kept.

use super::tokens::{Token, tokens};
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// Tokens that are looked at in all: each parameter reads the source once, and a load's time is bounded by no limit here.
/// A script of 1,000 lines needs a tenth of it.
const MOST_STEPS: usize = 10_000_000;

/// What a source does with a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Param {
    /// Never mentioned.
    Unused,
    /// Only indexed.
    Indexed,
    /// Whatever else.
    Kept,
}

/// What is known of a source.
#[derive(Debug, Default)]
pub struct Indexed {
    /// By the line that a function begins on, for each parameter.
    params: HashMap<usize, Vec<Param>>,
    /// Names of fields that are mentioned after a dot, and whose values can't be kept.
    fields: HashSet<String>,
}

struct Header<'a> {
    line: usize,
    at: usize,
    params: Vec<&'a str>,
    list: Range<usize>,
}

impl Indexed {
    /// Reads a source.
    #[must_use]
    pub fn of(source: &str) -> Indexed {
        let tokens = tokens(source);
        let headers = headers(&tokens);
        let mut on_line: HashMap<usize, u32> = HashMap::new();
        headers.iter().for_each(|h| *on_line.entry(h.line).or_default() += 1);
        let mut steps = MOST_STEPS;
        let mut lines = HashMap::new();
        for header in headers.iter().filter(|h| on_line[&h.line] == 1) {
            let flags = header.params.iter().map(|name| {
                steps = steps.saturating_sub(tokens.len());
                if steps > 0 { use_of(&tokens, &headers, name) } else { Param::Kept }
            });
            lines.insert(header.line, flags.collect());
        }
        let mut read: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, pair) in (1..).zip(tokens.windows(2)) {
            if let (Token::Dot, Token::Name(name)) = (pair[0].0, pair[1].0) {
                read.entry(name).or_default().push(at);
            }
        }
        let fields = read.into_iter().filter(|(_, places)| only_called(&tokens, &headers, places, &mut steps));
        let fields = fields.map(|(name, _)| name);
        Indexed { params: lines, fields: fields.map(str::to_owned).collect() }
    }

    /// Whether the function that begins on `line` only indexes its parameter number `index`, from 0.
    #[must_use]
    pub fn param(&self, line: usize, index: usize) -> bool {
        matches!(self.of_param(line, index), Param::Indexed | Param::Unused)
    }

    /// Whether that parameter is never mentioned, so that nobody can tell what it is.
    #[must_use]
    pub fn unused(&self, line: usize, index: usize) -> bool {
        self.of_param(line, index) == Param::Unused
    }

    fn of_param(&self, line: usize, index: usize) -> Param {
        self.params.get(&line).and_then(|params| params.get(index)).copied().unwrap_or(Param::Kept)
    }

    /// Whether the source mentions a field of this name and only calls methods of what it reads there, or asks for its length.
    #[must_use]
    pub fn field(&self, name: &str) -> bool {
        self.fields.contains(name)
    }
}

fn headers<'a>(tokens: &[(Token<'a>, usize)]) -> Vec<Header<'a>> {
    let mut headers = Vec::new();
    for (at, (token, line)) in tokens.iter().enumerate() {
        if *token != Token::Name("function") {
            continue;
        }
        let mut next = at + 1;
        while matches!(tokens.get(next), Some((Token::Name(_) | Token::Dot | Token::Colon, _))) {
            next += 1;
        }
        let list = params(tokens, next).unwrap_or((Vec::new(), next..next));
        headers.push(Header { line: *line, at, params: list.0, list: list.1 });
    }
    headers
}

/// The names in a parameter list that begins at `open`; `None` for anything that is not understood.
fn params<'a>(tokens: &[(Token<'a>, usize)], open: usize) -> Option<(Vec<&'a str>, Range<usize>)> {
    if tokens.get(open)?.0 != Token::Symbol(b'(') {
        return None;
    }
    let mut names = Vec::new();
    let mut depth = 0;
    let mut fresh = true;
    for (offset, (token, _)) in tokens[open..].iter().enumerate() {
        match *token {
            // A comma between type parameters looks like one between parameters.
            Token::Symbol(b'<') => return None,
            Token::Symbol(b'(' | b'{' | b'[') => depth += 1,
            Token::Symbol(b')' | b'}' | b']') => {
                depth -= 1;
                if depth == 0 {
                    return Some((names, open..open + offset + 1));
                }
            }
            Token::Symbol(b',') if depth == 1 => fresh = true,
            Token::Name(name) if depth == 1 && fresh => {
                names.push(name);
                fresh = false;
            }
            _ => fresh = false,
        }
    }
    None
}

fn use_of(tokens: &[(Token, usize)], headers: &[Header], name: &str) -> Param {
    let mut found = Param::Unused;
    for (at, owner) in mentions(tokens, headers, name) {
        if owner.is_some_and(|h| h.list.contains(&at)) {
            continue;
        }
        // Inside a function that does not declare it, it is captured: that function may be called later.
        let is_own = owner.is_some_and(|h| h.params.contains(&name));
        let indexed = matches!(tokens.get(at + 1), Some((Token::Dot | Token::Colon, _)));
        if !is_own || !indexed {
            return Param::Kept;
        }
        found = Param::Indexed;
    }
    found
}

/// Where a name is a variable's, and in which function.
fn mentions<'a, 'b>(
    tokens: &'a [(Token<'b>, usize)],
    headers: &'a [Header<'b>],
    name: &'a str,
) -> impl Iterator<Item = (usize, Option<&'a Header<'b>>)> {
    let mut owner = None;
    let mut left = headers.iter().peekable();
    tokens.iter().enumerate().filter_map(move |(at, (token, _))| {
        while left.peek().is_some_and(|h| h.at <= at) {
            owner = left.next();
        }
        let is_field = at > 0 && matches!(tokens[at - 1].0, Token::Dot | Token::Colon);
        (*token == Token::Name(name) && !is_field).then_some((at, owner))
    })
}

/// What is read at these places is used up by a method's call or by `#`, or goes to a local variable that is.
fn only_called(tokens: &[(Token, usize)], headers: &[Header], places: &[usize], steps: &mut usize) -> bool {
    let token = |at: usize| tokens.get(at).map(|token| token.0);
    places.iter().all(|&at| {
        let before = |back: usize| at.checked_sub(back).and_then(token);
        if !matches!(before(2), Some(Token::Name(_))) {
            return false;
        }
        if token(at + 1) == Some(Token::Colon) || before(3) == Some(Token::Symbol(b'#')) && ends(token(at + 1)) {
            return true;
        }
        // `local NAME = PARAMETER.FIELD`, and the next statement.
        let (Some(Token::Name(local)), Some(Token::Name("local"))) = (before(4), before(5)) else { return false };
        let next = match token(at + 1) {
            Some(Token::Name(word)) => !matches!(word, "and" | "or"),
            other => matches!(other, None | Some(Token::Symbol(b';'))),
        };
        if before(3) != Some(Token::Symbol(b'=')) || !next {
            return false;
        }
        *steps = steps.saturating_sub(tokens.len());
        *steps > 0 && local_is_called(tokens, headers, local)
    })
}

/// Every mention of a local variable is its declaration, or a method's call or `#` in the function that declares it.
fn local_is_called(tokens: &[(Token, usize)], headers: &[Header], name: &str) -> bool {
    let mut declared_in = None;
    mentions(tokens, headers, name).all(|(at, owner)| {
        let (Some(owner), true) = (owner, at > 0) else { return false };
        if tokens[at - 1].0 == Token::Name("local") {
            declared_in = Some(owner.at);
            return true;
        }
        let next = tokens.get(at + 1).map(|token| token.0);
        let used = next == Some(Token::Colon) || tokens[at - 1].0 == Token::Symbol(b'#') && ends(next);
        declared_in == Some(owner.at) && used
    })
}

/// Nothing is done with the value before this token.
fn ends(token: Option<Token>) -> bool {
    !matches!(token, Some(Token::Dot | Token::Colon | Token::Other | Token::Symbol(b'[' | b'(' | b'{')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(source: &str) -> Vec<bool> {
        let indexed = Indexed::of(source);
        let mut lines: Vec<_> = indexed.params.into_iter().collect();
        lines.sort_unstable_by_key(|line| line.0);
        lines.remove(0).1.into_iter().map(|param| param != Param::Kept).collect()
    }

    #[test]
    fn a_parameter_that_is_never_mentioned_is_unused() {
        let indexed = Indexed::of("function f(p, a, q)\n q.x = a.p return q end");
        assert_eq!([0, 1, 2].map(|at| indexed.unused(1, at)), [true, false, false]);
        assert!(indexed.param(1, 0));
    }

    #[test]
    fn a_list_whose_methods_are_called_is_not_kept() {
        for body in [
            "return a.list:has(x)",
            "return #a.list > 3",
            "local l = a.list if l:has(x) or #l > 6 or l:has(y) then return 1 end",
            "local l = a.list\n for _, s in sets do l:add(s) end",
            "local l = a.list; l:add(1) a.list:remove(2)",
        ] {
            assert!(Indexed::of(&format!("function f(a) {body} end")).field("list"), "{body}");
        }
        assert!(!Indexed::of("function f(a) return a.other end").field("list"), "not there");
    }

    #[test]
    fn a_list_that_may_be_copied_is_kept() {
        for body in [
            "saved = a.list",
            "return a.list",
            "g(a.list)",
            "g(a.list, a.list:has(1))",
            "a.list:has(1) return { a.list }",
            "local l = a.list return l",
            "local l = a.list or x l:has(1)",
            "local l = a.list saved = l",
            "local l = a.list local m = l m:has(1)",
            "local l = a.list for _, c in l do end",
            "local l = a.list g(function() return l:has(1) end)",
            "local l = a.list g(#l .. l)",
            "local l, m = a.list, 1 l:has(1)",
            "l = a.list l:has(1)",
            "for _, c in a.list do end",
            "a.list = b.list",
            "b.x = a.list",
            "return f(a).list:has(1)",
            "return #a.list[1]",
            "return #a.list'x'",
        ] {
            assert!(!Indexed::of(&format!("function f(a) {body} end")).field("list"), "{body}");
        }
    }

    #[test]
    fn a_parameter_that_is_only_indexed_is_not_kept() {
        assert_eq!(flags("function f(p, a)\n return a.x > 1 and a.list:has(\"p\") -- a, p\n end"), [true, true]);
        assert_eq!(flags("function f(p, a) log.info(`{a.x}: {p.y}`) a.z = 3 end"), [true, true]);
        assert_eq!(flags("function f(a: attributes, b: {x: number})\n a . x = t.a end"), [true, true]);
    }

    #[test]
    fn whatever_may_copy_it_keeps_it() {
        for body in [
            "saved = a",
            "return a",
            "return { a }",
            "return { attributes = a }",
            "g(a)",
            "set:contains(a)",
            "local b = a",
            "t[a] = 1",
            "for k, v in a do end",
            "return a .. 'x'",
            "return #a",
            "return a == b",
            "log.info(`{a}`)",
            "log.info(`{ {a} }.x`)",
            "a.f(a)",
            "local f = function() return a.x end",
            "local function f() return a.x end f()",
            "return (a).x",
            "return a[1]",
            "return a -- .x",
            "return a --[[ ]] , a.x",
            "s = [[ ]] .. a",
            "a = nil",
        ] {
            assert!(!Indexed::of(&format!("function f(a) {body} end")).param(1, 0), "{body}");
            assert_eq!(flags(&format!("function f(a)\n{body}\nend")), [false], "{body}");
        }
    }

    #[test]
    fn what_is_not_code_does_not_count() {
        for body in [
            "-- a",
            "--[==[ a ]] a ]==]",
            "local s = 'a \\' a'",
            "local s = [=[ a ]=]",
            "local s = `a \\{ a`",
            "t.a = 1",
        ] {
            assert_eq!(flags(&format!("function f(a) {body}\n return a.x end")), [true], "{body}");
        }
    }

    #[test]
    fn another_function_with_the_same_name_for_it_counts_too() {
        assert_eq!(flags("function f(a) return a.x end\nfunction g(a) return a.x end"), [true]);
        assert_eq!(flags("function f(a) return a.x end\nfunction g(a) return a end"), [false]);
        // Outside of any function it is a global of that name.
        assert_eq!(flags("function f(a) return a.x end\nlocal y = a.x"), [true]);
    }

    #[test]
    fn type_parameters_and_shared_lines_are_not_understood() {
        assert_eq!(flags("function f(m: Map<string, number>, a) return a.x end"), [] as [bool; 0]);
        let shared = Indexed::of("function f(a) return a.x end function g(b) return b.x end");
        assert!(!shared.param(1, 0));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_to_its_end(source in "(function f|[a-c(){}`'\"\\[\\]=.:,\\n\\\\-]|--)*") {
            let _ = Indexed::of(&source);
        }
    }
}
