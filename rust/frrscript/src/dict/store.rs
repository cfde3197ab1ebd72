// SPDX-License-Identifier: GPL-2.0-or-later
//! One dict: keys, values, and when they end. Times come from the caller.

use crate::bus::plain::Plain;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Octets of a key at most.
pub const LONGEST_KEY: usize = 256;
/// What an entry takes besides its key and value: its places in the tables and its headers.
const ENTRY: usize = 128;
/// Entries that a write takes away at most because their time has come.
const EXPIRED_AT_ONCE: usize = 8;

/// A value. Strings are shared, so that nothing is copied under the lock.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// true or false.
    Bool(bool),
    /// A number.
    Number(f64),
    /// Luau's 64-bit integer.
    Integer(i64),
    /// A string.
    Octets(Arc<[u8]>),
    /// A table.
    Table(Arc<Plain>, usize),
}

impl Value {
    /// Plain data as a value; `None`: nil.
    #[must_use]
    pub fn of(plain: Plain, octets: usize) -> Option<Value> {
        Some(match plain {
            Plain::Nil => return None,
            Plain::Bool(b) => Value::Bool(b),
            Plain::Number(n) => Value::Number(n),
            Plain::Integer(n) => Value::Integer(n),
            Plain::Octets(octets) => Value::Octets(octets.into()),
            table => Value::Table(Arc::new(table), octets),
        })
    }

    fn octets(&self) -> usize {
        match self {
            Value::Octets(octets) => octets.len(),
            Value::Table(_, octets) => *octets,
            _ => 0,
        }
    }
}

/// Why a write was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// There is no room.
    Full,
    /// The key is there.
    Exists,
    /// The key is not there.
    NotFound,
    /// What is there is no number.
    NotANumber,
}

impl Refused {
    /// In the words that a script gets.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Refused::Full => "full",
            Refused::Exists => "exists",
            Refused::NotFound => "not found",
            Refused::NotANumber => "not a number",
        }
    }
}

/// What has happened to a dict.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counts {
    /// Reads that found a value.
    pub hits: u64,
    /// Reads that did not.
    pub misses: u64,
    /// Entries whose time has come.
    pub expired: u64,
    /// Writes for which there was no room.
    pub refused: u64,
}

/// When an entry ends; the number tells those of one moment apart.
type End = (Instant, u64);

struct Entry {
    value: Value,
    end: Option<End>,
}

/// The entries.
pub struct Store {
    entries: HashMap<Arc<[u8]>, Entry>,
    /// Entries that end, by when.
    ends: BTreeMap<End, Arc<[u8]>>,
    ending: u64,
    octets: usize,
    limit: usize,
    counts: Counts,
}

fn size(key: &[u8], value: &Value) -> usize {
    ENTRY + key.len() + value.octets()
}

impl Store {
    /// An empty one, for so many octets.
    #[must_use]
    pub fn new(limit: usize) -> Store {
        Store { entries: HashMap::new(), ends: BTreeMap::new(), ending: 0, octets: 0, limit, counts: Counts::default() }
    }

    /// Sets how many octets there may be; what is there stays.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Octets that are in use, and that may be.
    #[must_use]
    pub fn octets(&self) -> (usize, usize) {
        (self.octets, self.limit)
    }

    /// What has happened.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Entries whose time has not come.
    pub fn count(&mut self, now: Instant) -> usize {
        self.expire_due(now, EXPIRED_AT_ONCE);
        // Counting them is much cheaper than taking all away, while somebody waits.
        self.entries.len() - self.ends.range(..=(now, u64::MAX)).count()
    }

    fn over(entry: &Entry, now: Option<Instant>) -> bool {
        entry.end.is_some_and(|(at, _)| at <= now.unwrap_or_else(Instant::now))
    }

    fn take(&mut self, key: &[u8]) -> Option<Entry> {
        let entry = self.entries.remove(key)?;
        if let Some(end) = entry.end {
            self.ends.remove(&end);
        }
        self.octets -= size(key, &entry.value);
        Some(entry)
    }

    /// Takes away entries whose time has come, so many at most; whether it has.
    fn expire_due(&mut self, now: Instant, most: usize) -> bool {
        let mut any = false;
        for _ in 0..most {
            let Some((&(at, _), key)) = self.ends.first_key_value() else { break };
            if at > now {
                break;
            }
            let key = Arc::clone(key);
            self.take(&key);
            self.counts.expired += 1;
            any = true;
        }
        any
    }

    /// A value. The clock is only asked if the entry ends some time.
    pub fn get(&mut self, key: &[u8], now: Option<Instant>) -> Option<Value> {
        match self.entries.get(key) {
            Some(entry) if !Self::over(entry, now) => {
                self.counts.hits += 1;
                Some(entry.value.clone())
            }
            Some(_) => {
                self.take(key);
                self.counts.expired += 1;
                self.counts.misses += 1;
                None
            }
            None => {
                self.counts.misses += 1;
                None
            }
        }
    }

    /// Sets a value, for as long as `ttl` says.
    ///
    /// # Errors
    /// There is no room: what was there stays.
    pub fn set(&mut self, key: &[u8], value: Value, ttl: Option<Duration>, now: Instant) -> Result<(), Refused> {
        self.expire_due(now, EXPIRED_AT_ONCE);
        let need = size(key, &value);
        let fits = |s: &Self| s.octets - s.entries.get(key).map_or(0, |e| size(key, &e.value)) + need <= s.limit;
        while !fits(self) {
            // No more than it takes: there may be hundreds of thousands.
            if !self.expire_due(now, EXPIRED_AT_ONCE) {
                self.counts.refused += 1;
                return Err(Refused::Full);
            }
        }
        self.take(key);
        let key: Arc<[u8]> = key.into();
        // So far in the future that there is no such time: for ever.
        let end = ttl.and_then(|ttl| now.checked_add(ttl)).map(|at| self.end(at, &key));
        self.entries.insert(key, Entry { value, end });
        self.octets += need;
        Ok(())
    }

    fn end(&mut self, at: Instant, key: &Arc<[u8]>) -> End {
        self.ending += 1;
        let end = (at, self.ending);
        self.ends.insert(end, Arc::clone(key));
        end
    }

    /// Sets a value that is not there.
    ///
    /// # Errors
    /// It is there, or there is no room.
    pub fn add(&mut self, key: &[u8], value: Value, ttl: Option<Duration>, now: Instant) -> Result<(), Refused> {
        match self.entries.get(key) {
            Some(entry) if !Self::over(entry, Some(now)) => Err(Refused::Exists),
            _ => self.set(key, value, ttl, now),
        }
    }

    /// Adds to a number, or to `init` where there is none; the sum. The end of an entry that is there stays.
    ///
    /// # Errors
    /// There is none and no `init`, it is no number, or there is no room.
    pub fn incr(
        &mut self,
        key: &[u8],
        by: f64,
        init: Option<f64>,
        ttl: Option<Duration>,
        now: Instant,
    ) -> Result<f64, Refused> {
        match self.entries.get_mut(key) {
            Some(entry) if !Self::over(entry, Some(now)) => match &mut entry.value {
                Value::Number(n) => {
                    *n += by;
                    Ok(*n)
                }
                _ => Err(Refused::NotANumber),
            },
            _ => {
                let sum = init.ok_or(Refused::NotFound)? + by;
                self.set(key, Value::Number(sum), ttl, now).map(|()| sum)
            }
        }
    }

    /// Takes a key away; whether it was there.
    pub fn delete(&mut self, key: &[u8], now: Instant) -> bool {
        self.take(key).is_some_and(|entry| !Self::over(&entry, Some(now)))
    }

    /// Sets when an entry ends, `None`: never; whether it was there.
    pub fn expire(&mut self, key: &[u8], ttl: Option<Duration>, now: Instant) -> bool {
        let Some((kept, entry)) = self.entries.get_key_value(key) else { return false };
        if Self::over(entry, Some(now)) {
            return false;
        }
        let (kept, old) = (Arc::clone(kept), entry.end);
        if let Some(old) = old {
            self.ends.remove(&old);
        }
        let end = ttl.and_then(|ttl| now.checked_add(ttl)).map(|at| self.end(at, &kept));
        if let Some(entry) = self.entries.get_mut(key) {
            entry.end = end;
        }
        true
    }

    /// Some keys, in no order.
    pub fn keys(&mut self, most: usize, now: Instant) -> Vec<Arc<[u8]>> {
        self.expire_due(now, EXPIRED_AT_ONCE);
        let there = self.entries.iter().filter(|(_, entry)| !Self::over(entry, Some(now)));
        there.map(|(key, _)| Arc::clone(key)).take(most).collect()
    }

    /// Takes all away; how many there were.
    pub fn flush(&mut self, now: Instant) -> usize {
        let count = self.count(now);
        self.entries.clear();
        self.ends.clear();
        self.octets = 0;
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(n: f64) -> Value {
        Value::Number(n)
    }

    #[test]
    fn an_entry_ends() {
        let (mut store, now) = (Store::new(1 << 20), Instant::now());
        let ttl = Duration::from_secs(5);
        store.set(b"k", number(1.0), Some(ttl), now).unwrap();
        store.set(b"never", number(2.0), None, now).unwrap();
        assert_eq!(store.get(b"k", Some(now + ttl / 2)), Some(number(1.0)));
        assert_eq!(store.add(b"k", number(3.0), None, now + ttl / 2), Err(Refused::Exists));
        assert_eq!(store.get(b"k", Some(now + ttl)), None);
        assert_eq!(store.add(b"k", number(3.0), Some(ttl), now + ttl), Ok(()));
        assert!(store.expire(b"k", None, now + ttl));
        assert_eq!(store.get(b"k", Some(now + ttl * 10)), Some(number(3.0)));
        assert_eq!(store.count(now + ttl * 10), 2);
        assert_eq!(store.counts().expired, 1);
    }

    /// Whatever is done, the octets are those of what is there, and the ends those of entries that end.
    #[test]
    fn the_account_is_right() {
        let (mut store, start) = (Store::new(4096), Instant::now());
        let mut seed = 1u32;
        for step in 0..20_000u32 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let key = [b'k', (seed >> 24) as u8 % 40];
            let now = start + Duration::from_millis(step.into());
            let ttl = (seed & 1 == 1).then(|| Duration::from_millis((seed >> 8 & 63).into()));
            let value = Value::Octets(vec![0; (seed >> 12) as usize % 200].into());
            match seed >> 20 & 7 {
                0 => drop(store.delete(&key, now)),
                1 => drop(store.expire(&key, ttl, now)),
                2 => drop(store.incr(&key, 1.0, Some(0.0), ttl, now)),
                3 => drop(store.add(&key, value, ttl, now)),
                4 => drop(store.get(&key, Some(now))),
                _ => drop(store.set(&key, value, ttl, now)),
            }
            let octets: usize = store.entries.iter().map(|(k, e)| size(k, &e.value)).sum();
            assert_eq!(store.octets, octets);
            assert!(octets <= 4096);
            assert_eq!(store.ends.len(), store.entries.values().filter(|e| e.end.is_some()).count());
        }
        assert!(store.counts.refused > 0 && store.counts.expired > 0);
        store.flush(start);
        assert_eq!((store.octets, store.entries.len()), (0, 0));
    }

    #[test]
    fn a_full_dict_keeps_what_it_has() {
        let (mut store, now) = (Store::new(4096), Instant::now());
        let large = |n: usize| Value::Octets(vec![0; n].into());
        store.set(b"a", large(3000), Some(Duration::from_secs(1)), now).unwrap();
        assert_eq!(store.set(b"b", large(3000), None, now), Err(Refused::Full));
        assert_eq!(store.set(b"a", large(4096), None, now), Err(Refused::Full));
        assert!(store.get(b"a", Some(now)).is_some());
        assert_eq!(store.set(b"a", large(3900), Some(Duration::from_secs(1)), now), Ok(()));
        assert_eq!(store.set(b"b", large(3000), None, now + Duration::from_secs(1)), Ok(()));
        assert_eq!(store.counts().refused, 2);
    }

    #[test]
    fn counting() {
        let (mut store, now) = (Store::new(4096), Instant::now());
        assert_eq!(store.incr(b"n", 1.0, None, None, now), Err(Refused::NotFound));
        assert_eq!(store.incr(b"n", 1.0, Some(10.0), None, now), Ok(11.0));
        assert_eq!(store.incr(b"n", -2.5, None, None, now), Ok(8.5));
        store.set(b"s", Value::Octets((*b"5").into()), None, now).unwrap();
        assert_eq!(store.incr(b"s", 1.0, Some(0.0), None, now), Err(Refused::NotANumber));
        assert_eq!(store.keys(1, now).len(), 1);
        assert!(store.delete(b"n", now) && !store.delete(b"n", now));
    }
}
