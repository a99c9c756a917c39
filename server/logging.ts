import pino, { type DestinationStream, type Logger } from 'pino';

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

/**
 * Lines of JSON. They carry routes, ids and codes; never a body, a query, a header or a name. Of an error its kind,
 * message, code and stack: the rest of it (a database error's `detail` holds values) stays out.
 */
export function createLogger(level: LogLevel, destination?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: errorFields, error: errorFields, req: () => undefined, res: () => undefined },
      redact: {
        paths: [
          'authorization',
          'headers',
          '*.authorization',
          '*.headers',
          '*.key',
          '*.secret',
          '*.secrets',
          '*.token',
        ],
        censor: '[hidden]',
      },
    },
    destination ?? pino.destination(1),
  );
}

function errorFields(thrown: unknown): object {
  if (!(thrown instanceof Error)) return { message: 'something that is no error was thrown' };
  const { name, message, stack, cause } = thrown;
  const { code } = thrown as NodeJS.ErrnoException;
  return { type: name, message, ...(code ? { code } : {}), stack, ...(cause ? { cause: errorFields(cause) } : {}) };
}
