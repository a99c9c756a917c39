import type {
  IAuthenticateGeneric,
  ICredentialTestRequest,
  ICredentialType,
  Icon,
  INodeProperties,
} from 'n8n-workflow';

export class TalktimeApi implements ICredentialType {
  name = 'talktimeApi';

  displayName = 'Talktime API';

  icon: Icon = { light: 'file:../nodes/icons/talktime.svg', dark: 'file:../nodes/icons/talktime.dark.svg' };

  documentationUrl = 'https://github.com/talktime-dev/talktime/blob/main/docs/builders.md#the-credential';

  properties: INodeProperties[] = [
    {
      displayName: 'Base URL',
      name: 'baseUrl',
      type: 'string',
      required: true,
      default: '',
      placeholder: 'https://talktime.example.com',
      description: 'Where your Talktime service answers, without a path. n8n must be able to reach it.',
    },
    {
      displayName: 'API Key',
      name: 'apiKey',
      type: 'string',
      typeOptions: { password: true },
      required: true,
      default: '',
      placeholder: 'tt_…',
      description:
        'A key of one partner. The scopes "read" and "deduct" are enough for Deduct Credits, Authorize Call and Check Threshold; Top Up and Apply Plan also need "top-up"; Customer and Talktime Trigger need "manage".',
    },
    {
      displayName: 'Partner ID',
      name: 'partnerId',
      type: 'string',
      default: '',
      placeholder: 'only for a host key',
      description: "Which partner is meant. Leave it empty with a partner's own key.",
    },
  ];

  authenticate: IAuthenticateGeneric = {
    type: 'generic',
    properties: { headers: { Authorization: '=Bearer {{$credentials.apiKey}}' } },
  };

  test: ICredentialTestRequest = {
    request: { baseURL: '={{$credentials.baseUrl.trim().replace(/\\/+$/, "")}}', url: '/v1/me' },
    // n8n applies each rule by its type; the declared type would allow only one kind.
    rules: [
      {
        type: 'responseCode',
        properties: {
          value: 401,
          message:
            'Talktime does not know this API key. Check \'API Key\': it starts with "tt_" and may have been revoked.',
        },
      },
      {
        type: 'responseCode',
        properties: {
          value: 404,
          message: "There is no Talktime service at this address. Check 'Base URL': leave out any path such as /v1.",
        },
      },
      {
        type: 'responseSuccessBody',
        properties: {
          key: 'key.id',
          value: undefined,
          message: "Something answers at this address, but it is not Talktime. Check 'Base URL'.",
        },
      },
    ] as ICredentialTestRequest['rules'],
  };
}
