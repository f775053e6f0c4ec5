/** What the keeper calls at a provider's onboarding, one call after the other, without Temporal: what anybody's script would do. */
export async function bareOnboarding(load) {
  const [keys, installations, qseal, credentials, devices, sessions, users, oauthClients, callbackUrls] = await Promise.all(
    [
      'keys',
      'installation',
      'qseal',
      'payment-service-provider-credential',
      'device-server',
      'session-server',
      'user',
      'oauth-client',
      'callback-url',
    ].map((name) => load(`bunq/${name}.js`)),
  );

  return async (bank, { certificatePem, chainPem, privateKeyPem, callbackUrl }) => {
    const { publicKeyPem, privateKey } = await keys.generateInstallationKeyPair();
    const { installationToken, serverPublicKeyPem } = await installations.createInstallation(bank, { publicKeyPem });
    const installation = { installationToken, privateKey, serverPublicKeyPem };
    const signer = qseal.signerFromPrivateKey(privateKeyPem);
    const qsealSignature = await qseal.createQsealSignature({ publicKeyPem, installationToken, signer, certificatePem });
    const credential = { certificatePem, chainPem, qsealSignature };
    const { apiKey } = await credentials.createPaymentServiceProviderCredential(bank, installation, credential);
    await devices.createDeviceServer(bank, installation, { description: 'bench', apiKey, permittedIps: [] });
    const { sessionToken, user } = await sessions.createSessionServer(bank, installation, { apiKey });
    const session = { sessionToken, privateKey, serverPublicKeyPem };
    await users.readUser(bank, session);
    const userId = user.id;
    if ((await oauthClients.listOAuthClients(bank, session, { userId })).length === 0)
      await oauthClients.createOAuthClient(bank, session, { userId });
    const [{ oauthClientId }] = await oauthClients.listOAuthClients(bank, session, { userId });
    const client = { userId, oauthClientId };
    await callbackUrls.listCallbackUrls(bank, session, client);
    await callbackUrls.createCallbackUrl(bank, session, { ...client, url: callbackUrl });
    await callbackUrls.listCallbackUrls(bank, session, client);
    return oauthClients.readOAuthClient(bank, session, client);
  };
}
