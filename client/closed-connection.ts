import { type ConnectionOptions, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';

type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number];
type GrpcCall = ReturnType<Interceptor>;

/** gRPC's code. */
const CANCELLED = 1;

/**
 * The SDK repeats a call from a timer. On a connection that was closed meanwhile gRPC then throws where nobody can catch it,
 * which ends the process: here the call fails instead.
 */
const failsWhenClosed: Interceptor = (options, nextCall) => {
  try {
    return nextCall(options) as GrpcCall;
  } catch (error) {
    return failedCall((error as Error).message);
  }
};

function failedCall(details: string): GrpcCall {
  const call: Partial<GrpcCall> = {
    start: (metadata, listener) => listener?.onReceiveStatus?.({ code: CANCELLED, details, metadata }),
    sendMessage() {},
    halfClose() {},
    cancelWithStatus() {},
  };
  return call as GrpcCall;
}

/** The SDK's own repeating, on a connection that may be closed while a call is under way. */
export const interceptors: readonly Interceptor[] = [makeGrpcRetryInterceptor(defaultGrpcRetryOptions()), failsWhenClosed];
