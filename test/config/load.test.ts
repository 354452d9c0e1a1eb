/** The configuration is what its layers say, later ones first; and every fault is told at once, with its place and without secrets. */
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { expectTypeOf } from 'expect-type';
import { isSeq, parseDocument, visit } from 'yaml';
import { configHash, credentialsOf, loadConfig, redactedConfig, redisUrlOf } from '../../src/config.ts';
import type { Config, Fault } from '../../src/config.ts';
import { KEYS, keyOfVariable, variableOf } from '../../src/config/keys.ts';
import type { ConfigSources } from '../../src/config/load.ts';
import { configSchema } from '../../src/config/schema.ts';
import { VigilError } from '../../src/protocol/errors.ts';

const PROJECT = resolve(import.meta.dirname, '../..');

describe('configuration', () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'vigil-config-'));
    mkdirSync(join(root, 'config'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const file = (name: string, text: string, mode = 0o644): string => {
    const path = join(root, name);
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  };
  const load = (sources: Partial<ConfigSources> = {}): Config => loadConfig({ files: [], env: {}, sets: [], projectRoot: root, cwd: root, ...sources });
  const refusal = (sources: Partial<ConfigSources>): VigilError => {
    try {
      load(sources);
    } catch (error) {
      if (error instanceof VigilError) return error;
      throw error;
    }
    throw new Error('it was accepted');
  };
  const faults = (sources: Partial<ConfigSources>): Fault[] => {
    const error = refusal(sources);
    expect(error.code).to.equal('CONFIG_INVALID');
    return error.details['faults'] as Fault[];
  };

  describe('config/vigil.yaml', () => {
    const text = readFileSync(join(PROJECT, 'config/vigil.yaml'), 'utf8');

    it('shows every key of the schema, and no other, with the default of the schema', () => {
      const document = parseDocument(text);
      const shownKeys: string[] = [];
      visit(document, {
        Pair(_, pair, path) {
          const names = [...path, pair].flatMap((node) => (typeof node === 'object' && node !== null && 'key' in node ? [String(node.key)] : []));
          if (KEYS.has(names.join('.')) && !path.some((node) => isSeq(node))) shownKeys.push(names.join('.'));
        },
      });
      expect(shownKeys).to.deep.equal([...KEYS.keys()]);
      const withoutFile = loadConfig({ files: [], env: {}, sets: [], projectRoot: '/nowhere', cwd: root });
      const withFile = loadConfig({ files: [join(PROJECT, 'config/vigil.yaml')], env: {}, sets: [], projectRoot: '/nowhere', cwd: root });
      const relocated = JSON.parse(JSON.stringify(withoutFile).replaceAll('/nowhere', PROJECT)) as unknown;
      expect(JSON.parse(JSON.stringify(withFile))).to.deep.equal(relocated);
    });

    it('gives each key one comment line of why', () => {
      const lines = text.split('\n');
      const settings = lines.flatMap((line, index) => (/^ *[a-zA-Z]\w*: \S/.test(line) ? [{ line, above: lines[index - 1] ?? '' }] : []));
      expect(settings).to.have.length(KEYS.size);
      expect(settings.filter(({ above }) => !/^ *# \S/.test(above)).map(({ line }) => line)).to.deep.equal([]);
    });
  });

  it('has a default for every key, and no two keys whose variables are the same', () => {
    expect(() => configSchema.parse({})).not.to.throw();
    for (const [path, key] of KEYS) {
      expect(keyOfVariable(variableOf(path)), path).to.equal(key);
      expect(keyOfVariable(`VIGIL_${path.replaceAll('.', '__')}`.toUpperCase()), path).to.equal(key);
    }
  });

  it('lets files, environment and flags replace one another in this order', () => {
    file('config/vigil.yaml', 'trading: {leverage: 2}\nrisk: {maxPositions: 2}\ngenerator: {cycleMs: 2000}\nlog: {level: warn}\naccount: {pollMs: 222}');
    const one = file('one.yaml', 'trading: {leverage: 3}\nrisk: {maxPositions: 3}\ngenerator: {cycleMs: 3000}\nlog: {level: error}');
    const two = file('two.yaml', 'trading: {leverage: 4}\nrisk: {maxPositions: 4}\ngenerator: {cycleMs: 4000}');
    const config = load({ files: [one, two], env: { VIGIL_TRADING__LEVERAGE: '5', VIGIL_RISK__MAX_POSITIONS: '5' }, sets: ['trading.leverage=6', 'trading.leverage=7'] });
    expect([config.trading.leverage, config.risk.maxPositions, config.generator.cycleMs, config.log.level, config.account.pollMs]).to.deep.equal([7, 5, 4000, 'error', 222]);
  });

  for (const variable of ['VIGIL_VENUE__API_KEY', 'VIGIL_VENUE__APIKEY', 'vigil_venue__api_key', 'Vigil_Venue__ApiKey']) {
    it(`reads ${variable} as venue.apiKey`, () => {
      expect(load({ env: { [variable]: 'k', VIGIL_VENUE__API_SECRET: 's' } }).venue.apiKey).to.equal('k');
    });
  }

  it('refuses two spellings of one variable that disagree, without showing either secret', () => {
    const error = refusal({ env: { VIGIL_VENUE__API_SECRET: 'first', VIGIL_VENUE__APISECRET: 'second', VIGIL_VENUE__API_KEY: 'k' } });
    expect(error.message).to.include('VIGIL_VENUE__API_SECRET gives another').and.not.match(/first|second/);
  });

  it('names the nearest key for an unknown variable, flag and file key', () => {
    const [inFile, inEnvironment, inFlag] = faults({ files: [file('a.yaml', 'venue:\n  mode: paper\n  mood: x\n')], env: { VIGIL_TRADING__LEVERAG: '3' }, sets: ['leverage=3'] });
    expect(inFile).to.include({ path: 'venue.mood', value: '"x"', source: `${join(root, 'a.yaml')}:3` });
    expect(inFile?.expected).to.include('did you mean venue.mode?');
    expect(inEnvironment?.expected).to.include('did you mean VIGIL_TRADING__LEVERAGE?');
    expect(inFlag?.expected).to.include('did you mean trading.leverage?');
  });

  it('knows the variables with its prefix that are no settings', () => {
    expect(() => load({ env: { VIGIL_REQUIRE_ALL: '1' } })).not.to.throw();
  });

  it('tells all faults of all layers at once, each with path, value, place and what is expected', () => {
    const found = faults({
      files: [file('a.yaml', '# a\nlog:\n  level: loud\ntrading:\n  leverage: 10.5\nlevels: 1\n')],
      env: { VIGIL_GENERATOR__MIN_CONFIDENCE: '1.5' },
      sets: ['risk.notionalTotal=-1', 'operator.http.allowControl=yes', 'execution.nakedCloseMs=100'],
    });
    const place = join(root, 'a.yaml');
    expect(found.map(({ path, value, source }) => [path, value, source])).to.have.deep.members([
      ['levels', '1', `${place}:6`],
      ['log.level', '"loud"', `${place}:3`],
      ['trading.leverage', '10.5', `${place}:5`],
      ['generator.minConfidence', '1.5', 'VIGIL_GENERATOR__MIN_CONFIDENCE'],
      ['risk.notionalTotal', '"-1"', '--set'],
      ['operator.http.allowControl', '"yes"', '--set'],
      ['execution.nakedCloseMs', '100', '--set'],
    ]);
    expect(found.find(({ path }) => path === 'trading.leverage')?.expected).to.equal('a whole number from 1 to 125');
  });

  describe('values', () => {
    it('keeps money as it was written, number or text', () => {
      const config = load({ files: [file('a.yaml', 'trading:\n  notional: 123456789012345678.10\nrisk:\n  notionalPerTrade: "200000000000000000"\n  notionalTotal: 300000000000000000.0\n')], sets: ['trading.stopLossPercent=0.10'] });
      expect([config.trading.notional, config.risk.notionalPerTrade, config.risk.notionalTotal, config.trading.stopLossPercent]).to.deep.equal(['123456789012345678.10', '200000000000000000', '300000000000000000.0', '0.10']);
    });

    for (const bad of ['1e3', '0x10', '.inf', 'abc', '', '-1', '0', '1_000', '[1]']) {
      it(`refuses ${JSON.stringify(bad)} as money, from a flag and from a file`, () => {
        expect(faults({ sets: [`trading.notional=${bad}`] }).map(({ path }) => path)).to.deep.equal(['trading.notional']);
        expect(faults({ files: [file('a.yaml', `trading:\n  notional: ${bad}\n`)] }).map(({ path }) => path)).to.deep.equal(['trading.notional']);
      });
    }

    it('reads the universe from TRADING_SYMBOLS, blanks trimmed, Unicode untouched', () => {
      expect(load({ env: { TRADING_SYMBOLS: ' GPSUSDT , 币安人生USDT,' } }).universe.symbols).to.deep.equal(['GPSUSDT', '币安人生USDT']);
    });

    it('reads a list of a flag in YAML and with commas, and null as null', () => {
      expect(load({ sets: ['universe.symbols=[A, "B"]'] }).universe.symbols).to.deep.equal(['A', 'B']);
      expect(load({ sets: ['universe.symbols=A,B'] }).universe.symbols).to.deep.equal(['A', 'B']);
      expect(load({ env: { TRADING_SYMBOLS: 'A' }, sets: ['universe.symbols=null'] }).universe.symbols).to.equal(null);
    });

    it('refuses more symbols than one connection carries the streams of', () => {
      const many = Array.from({ length: 501 }, (_, index) => `S${index}`);
      expect(load({ sets: [`universe.symbols=${many.slice(1).join(',')}`, 'universe.top=500'] }).universe.symbols).to.have.length(500);
      const refused = faults({ sets: [`universe.symbols=${many.join(',')}`, 'universe.top=501'] });
      expect(refused.map(({ path }) => path)).to.have.members(['universe.symbols', 'universe.top']);
    });

    for (const empty of ['', ' , ', '[]']) {
      it(`refuses the empty universe ${JSON.stringify(empty)}: it would trade nothing, in silence`, () => {
        expect(faults({ env: { TRADING_SYMBOLS: empty } })).to.have.length(1);
      });
    }

    it('points at the item of a list that is at fault', () => {
      const [fault] = faults({ files: [file('a.yaml', 'universe:\n  symbols: [A, 7]\n')] });
      expect(fault).to.include({ path: 'universe.symbols[1]', value: '7' });
    });

    for (const url of ['http://127.0.0.1', 'redis:///', 'redis://h/1', 'redis://h?db=1', '127.0.0.1:6379', 'redis://user:hunter2@h/1']) {
      it(`refuses ${url} as the address of Redis, and shows none of it`, () => {
        const [fault] = faults({ env: { VIGIL_JOURNAL__REDIS__URL: url } });
        expect(fault).to.deep.include({ path: 'journal.redis.url', value: '[redacted]' });
        expect(fault!.expected).to.include('redis://HOST');
      });
    }
    for (const url of ['redis://redis', 'rediss://redis.example:6380', 'redis://[::1]:1/0']) {
      it(`takes ${url} as the address of Redis`, () => expect(redisUrlOf(load({ sets: [`journal.redis.url=${url}`] }))).to.equal(url));
    }

    for (const listen of ['0.0.0.0:8470', '192.168.1.2:8470', '[::]:8470', '127.0.0.1', '127.0.0.1:70000', 'example.com:80']) {
      it(`refuses to listen on ${listen}`, () => {
        expect(faults({ sets: [`operator.http.listen=${listen}`] })).to.have.length(1);
      });
    }
    for (const listen of ['off', '127.0.0.1:0', '127.8.8.8:1', '[::1]:8470', 'localhost:8470']) {
      it(`listens on ${listen}`, () => {
        expect(load({ sets: [`operator.http.listen=${listen}`] }).operator.http.listen).to.equal(listen);
      });
    }

    for (const url of ['https://127.0.0.1:1', 'http://10.0.0.1:80', 'http://127.0.0.1:80/x', 'http://user:pw@127.0.0.1:80', '127.0.0.1:80']) {
      it(`refuses ${url} as the paper exchange`, () => {
        expect(faults({ sets: [`venue.paper.url=${url}`] })).to.have.length(1);
      });
    }
  });

  describe('paths', () => {
    it('are relative to their file, or to the working directory for variables and flags', () => {
      mkdirSync(join(root, 'deep'));
      const given = file('deep/a.yaml', 'dataDir: data\npaper: {replay: ../candles}\n');
      const inFile = load({ files: ['deep/a.yaml'] });
      expect(given).to.equal(join(root, 'deep/a.yaml'));
      expect([inFile.dataDir, inFile.paper.replay]).to.deep.equal([join(root, 'deep/data'), join(root, 'candles')]);
      expect(load({ env: { VIGIL_DATA_DIR: 'd' } }).dataDir).to.equal(join(root, 'd'));
      expect(load({ env: { VIGIL_DATA_DIR: 'd' }, sets: ['dataDir=/e'] }).dataDir).to.equal('/e');
      expect(load({ env: { VIGIL_DATA_DIR: 'd' }, sets: ['dataDir=/e'], dataDir: 'f' }).dataDir).to.equal(join(root, 'f'));
    });

    it('default to the project, wherever one stands', () => {
      const config = load({ cwd: '/' });
      expect([config.dataDir, config.universe.policy]).to.deep.equal([join(root, 'var'), join(root, 'config/universe.yaml')]);
    });
  });

  describe('files', () => {
    it('that cannot be read or are not YAML are CONFIG_UNREADABLE, and the text is not repeated', () => {
      expect(refusal({ files: ['missing.yaml'] }).code).to.equal('CONFIG_UNREADABLE');
      const error = refusal({ files: [file('a.yaml', 'a: 1\nb: [hunter2\n')] });
      expect(error.code).to.equal('CONFIG_UNREADABLE');
      expect(error.message).to.match(/line \d/).and.not.include('hunter2');
    });

    it('with the same key twice are refused', () => {
      expect(refusal({ files: [file('a.yaml', 'dataDir: a\ndataDir: b\n')] }).code).to.equal('CONFIG_UNREADABLE');
    });

    it('may be empty, or have empty sections', () => {
      expect(load({ files: [file('a.yaml', ''), file('b.yaml', 'venue:\n')] }).venue.mode).to.equal('paper');
    });

    it('are refused when they are a list, or a section is a text', () => {
      expect(faults({ files: [file('a.yaml', '- a')] })[0]?.path).to.equal('configuration');
      expect(faults({ files: [file('b.yaml', 'venue: paper')] })[0]).to.include({ path: 'venue', expected: 'a section with keys' });
    });
  });

  describe('what must hold between settings', () => {
    const broken: Readonly<Record<string, readonly string[]>> = {
      'venue.armed': ['venue.mode=mainnet'],
      'venue.paper.url': ['venue.mode=testnet', 'venue.paper.url=http://127.0.0.1:1'],
      'paper.replay': ['venue.mode=testnet', 'paper.replay=x'],
      'trading.notional': ['risk.notionalPerTrade=200.59'],
      'risk.notionalPerTrade': ['risk.notionalTotal=209'],
      'trading.stopLossPercent': ['trading.leverage=50'],
      'trading.takeProfitPercent': ['trading.takeProfitPercent=100'],
      'execution.nakedCloseMs': ['execution.nakedAlarmMs=10001'],
      'market.tickerMs': ['venue.mode=testnet', 'market.tickerMs=2999'],
      'account.pollMs': ['risk.equityMaxAgeMs=15000'],
    };
    for (const [path, sets] of Object.entries(broken)) {
      it(`${path} is at fault with ${sets.join(', ')}`, () => {
        expect(faults({ sets }).map((fault) => fault.path)).to.deep.equal([path]);
      });
    }
    it('holds at the edges', () => {
      expect(() => load({ sets: ['venue.mode=mainnet', 'venue.armed=mainnet', 'risk.notionalPerTrade=200.6', 'trading.leverage=49', 'execution.nakedAlarmMs=10000', 'account.pollMs=299999', 'market.tickerMs=3000'] })).not.to.throw();
      expect(() => load({ sets: ['market.tickerMs=100'] })).not.to.throw();
    });
  });

  describe('credentials', () => {
    const testnet = ['venue.mode=testnet'];

    for (const [where, sources] of [
      ['a configuration file', () => ({ files: [file('a.yaml', 'venue: {apiSecret: hunter2}')] })],
      ['a flag', () => ({ sets: ['venue.apiSecret=hunter2'] })],
      ['a section in a flag', () => ({ sets: ['venue={apiSecret: hunter2}'] })],
    ] as const) {
      it(`are refused in ${where}, and not shown`, () => {
        const error = refusal(sources());
        expect(error.message).to.include('venue.apiSecret = [redacted]').and.not.include('hunter2');
        expect(JSON.stringify(error.details)).not.to.include('hunter2');
      });
    }

    it('are not shown under a misspelt name either', () => {
      const error = refusal({ env: { VIGIL_VENUE__API_SECRT: 'hunter2', VIGIL_MY_PASSWORD: 'hunter2' } });
      expect(error.message).not.to.include('hunter2');
    });

    it('come from a file of mode 0600, in YAML or JSON', () => {
      file('keys.json', '{"apiKey": "k", "apiSecret": "s"}', 0o600);
      const config = load({ sets: [...testnet, 'venue.credentialsFile=keys.json'] });
      expect(credentialsOf(config)).to.deep.equal({ apiKey: 'k', apiSecret: 's' });
    });

    for (const mode of [0o640, 0o604, 0o660, 0o700]) {
      it(`are refused from a file of mode ${mode.toString(8)}`, () => {
        file('keys.yaml', 'apiKey: k\napiSecret: hunter2', mode);
        const error = refusal({ sets: [...testnet, 'venue.credentialsFile=keys.yaml'] });
        expect(error.code).to.equal('CREDENTIALS_UNSAFE');
        expect(error.message).to.include(`0${mode.toString(8)}`).and.not.include('hunter2');
      });
    }

    it('are refused from a file of another user', () => {
      const asRoot = process.getuid?.() === 0;
      if (asRoot) chownSync(file('keys.yaml', 'apiKey: k', 0o600), 1, 1);
      const error = refusal({ sets: [...testnet, `venue.credentialsFile=${asRoot ? 'keys.yaml' : '/etc/passwd'}`] });
      expect(error.code).to.equal('CREDENTIALS_UNSAFE');
      expect(error.message).to.include('belongs to user');
    });

    it('of a faulty file are refused without repeating it', () => {
      for (const text of ['apiKey: hunter2', 'hunter2', 'apiKey: k\napiSecret: s\nextra: hunter2', 'apiKey: [hunter2']) {
        file('keys.yaml', text, 0o600);
        const error = refusal({ sets: [...testnet, 'venue.credentialsFile=keys.yaml'] });
        expect(error.message, text).to.include('keys.yaml').and.not.include('hunter2');
      }
    });

    it('of the environment go before those of the file, as a pair', () => {
      file('keys.yaml', 'apiKey: k\napiSecret: s', 0o600);
      const sets = [...testnet, 'venue.credentialsFile=keys.yaml'];
      expect(credentialsOf(load({ sets, env: { VIGIL_VENUE__API_KEY: 'a', VIGIL_VENUE__API_SECRET: 'b' } }))).to.deep.equal({ apiKey: 'a', apiSecret: 'b' });
      expect(faults({ sets, env: { VIGIL_VENUE__API_KEY: 'a' } })[0]).to.include({ path: 'venue.apiSecret' });
    });

    it('are paper/paper on paper, and missing elsewhere until they are given', () => {
      expect(credentialsOf(load())).to.deep.equal({ apiKey: 'paper', apiSecret: 'paper' });
      expect(() => credentialsOf(load({ sets: testnet }))).to.throw(VigilError).with.property('code', 'CREDENTIALS_MISSING');
    });
  });

  describe('the password of Redis', () => {
    it('comes from the environment, from a file of mode 0600, or from the URL of the environment, percent-encoded as needed', () => {
      const path = file('redis-password', 'p@ss/word \n', 0o600);
      expect(redisUrlOf(load({ env: { VIGIL_JOURNAL__REDIS__PASSWORD: 'p@ss/word' } }))).to.equal('redis://:p%40ss%2Fword@127.0.0.1:6379');
      expect(redisUrlOf(load({ sets: [`journal.redis.passwordFile=${path}`, 'journal.redis.username=vigil'] }))).to.equal('redis://vigil:p%40ss%2Fword@127.0.0.1:6379');
      expect(redisUrlOf(load({ env: { VIGIL_JOURNAL__REDIS__URL: 'redis://vigil:hunter2@h:7' } }))).to.equal('redis://vigil:hunter2@h:7');
    });

    it('is refused in a file, in a flag, twice, and in a file that others may read, and is never shown', () => {
      const open = file('open', 'hunter2', 0o644);
      for (const sources of [
        { files: [file('a.yaml', 'journal: {redis: {url: "redis://:hunter2@h"}}')] },
        { sets: ['journal.redis.url=redis://:hunter2@h'] },
        { sets: ['journal.redis.password=hunter2'] },
        { env: { VIGIL_JOURNAL__REDIS__URL: 'redis://:hunter2@h', VIGIL_JOURNAL__REDIS__PASSWORD: 'hunter2' } },
      ]) {
        const error = refusal(sources);
        expect(error.code).to.equal('CONFIG_INVALID');
        expect(error.message + JSON.stringify(error.details)).to.include('[redacted]').and.not.include('hunter2');
      }
      const config = load({ sets: [`journal.redis.passwordFile=${open}`] });
      expect(() => redisUrlOf(config)).to.throw(VigilError, /passwordFile .* has mode 0644/).with.property('code', 'CREDENTIALS_UNSAFE');
      const empty = load({ sets: [`journal.redis.passwordFile=${file('empty', '\n', 0o600)}`] });
      expect(() => redisUrlOf(empty)).to.throw(VigilError, /holds nothing/);
      expect(JSON.stringify(redactedConfig(load({ env: { VIGIL_JOURNAL__REDIS__URL: 'redis://:hunter2@h' } })))).not.to.include('hunter2');
    });
  });

  it('is read-only by type, and says what each setting can be', () => {
    const config = load();
    expectTypeOf(config.venue.mode).toEqualTypeOf<'paper' | 'testnet' | 'mainnet'>();
    expectTypeOf(config.universe.symbols).toEqualTypeOf<readonly string[] | null>();
    expectTypeOf(config.trading.notional).toEqualTypeOf<string>();
    expectTypeOf(config.trading.intentExpiryMs).toEqualTypeOf<number | null>();
    // The types are checked by tsc; what they say is held at run time, too.
    expect(() => {
      // @ts-expect-error a setting cannot be changed
      config.trading.leverage = 125;
    }).to.throw(TypeError);
  });

  describe('what is shown of it', () => {
    const secrets = { VIGIL_VENUE__API_KEY: 'hunter1', VIGIL_VENUE__API_SECRET: 'hunter2', VIGIL_OPERATOR__HTTP__TOKEN: 'hunter3' };

    it('has no secret in it', () => {
      const text = JSON.stringify(redactedConfig(load({ env: secrets })));
      expect(text).not.to.match(/hunter/);
      expect(text.match(/\[redacted\]/g)).to.have.length(4);
    });

    it('has a hash that settings change and secrets do not', () => {
      const hash = configHash(load());
      expect(hash).to.match(/^[0-9a-f]{12}$/);
      expect(configHash(load({ env: secrets }))).to.equal(hash);
      expect(configHash(load({ sets: ['trading.leverage=9'] }))).not.to.equal(hash);
    });
  });

  for (const [name, mode] of [['testnet', 'testnet'], ['mainnet', 'mainnet']] as const) {
    it(`config/${name}.yaml is an overlay that loads, on a data directory of its own`, () => {
      const config = loadConfig({ files: [join(PROJECT, `config/${name}.yaml`)], env: {}, sets: ['venue.armed=mainnet'], projectRoot: PROJECT });
      expect(config.venue.mode).to.equal(mode);
      expect(config.dataDir).to.equal(join(PROJECT, 'var', name));
    });
  }

  it('config/mainnet.yaml alone is not armed', () => {
    const error = refusal({ files: [join(PROJECT, 'config/mainnet.yaml')] });
    expect(error.message).to.include('venue.armed');
  });
});
