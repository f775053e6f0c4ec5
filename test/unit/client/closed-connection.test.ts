import { Connection, type ConnectionOptions } from '@temporalio/client';
import { interceptors } from '../../../client/closed-connection.ts';

type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number];

test('a call that is to be repeated fails when its connection is closed meanwhile', async () => {
  let isRefused = () => {};
  const refused = new Promise<void>((resolve) => {
    isRefused = resolve;
  });
  const watching: Interceptor = (options, nextCall) => {
    const call = nextCall(options) as ReturnType<Interceptor>;
    const start = call.start.bind(call);
    call.start = (metadata, listener) => {
      const onReceiveStatus: NonNullable<NonNullable<typeof listener>['onReceiveStatus']> = (status) => {
        isRefused();
        listener?.onReceiveStatus?.(status);
      };
      start(metadata, Object.assign(Object.create(listener ?? null), { onReceiveStatus }));
    };
    return call;
  };
  const connection = Connection.lazy({ address: '127.0.0.1:1', interceptors: [...interceptors, watching] });
  const call = connection.workflowService.getSystemInfo({});
  await refused;
  await connection.close();
  await expect(call).rejects.toThrow(/shut down/);
});
