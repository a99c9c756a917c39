import { customerId, mapping, mappingKind } from '@talktime/core/contract';
import { addMapping, listMappings, removeMapping } from '@talktime/core/customers';
import { z } from 'zod';
import { partnerCaller, requireCustomer, requireWholePartner } from '../access';
import type { Routes } from './index';
import { listOf, nothing } from './queries';

export const mappingRoutes: Routes = async (app, { talktime }) => {
  app.get(
    '/v1/mappings',
    {
      config: { access: { scope: 'read', tenancy: 'partner' }, problems: ['CUSTOMER_KEY_LIMITED'] },
      schema: {
        tags: ['Customers'],
        operationId: 'listMappings',
        summary: 'What identifies whose call it was',
        querystring: z
          .object({
            customer_id: customerId.optional(),
            kind: mappingKind.optional(),
            value: z.string().max(200).optional().meta({ description: 'With a kind: the mapping of this value' }),
          })
          .refine((query) => query.value === undefined || query.kind !== undefined, {
            message: 'is missing: a value is of a kind',
            path: ['kind'],
          }),
        response: { 200: listOf(mapping) },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      const customer = request.query.customer_id ?? caller.principal.customerId ?? undefined;
      requireCustomer(caller, customer);
      return {
        items: await listMappings(talktime.database, caller.partnerId, {
          kind: request.query.kind,
          value: request.query.value,
          customerId: customer,
        }),
      };
    },
  );

  app.post(
    '/v1/mappings',
    {
      config: {
        access: { scope: 'manage', tenancy: 'partner' },
        problems: ['CUSTOMER_NOT_FOUND', 'CUSTOMER_KEY_LIMITED', 'MAPPING_TAKEN'],
        example: { kind: 'agent', value: 'agent_oBeDLoLOeuAbiuaMFXRtDOLriTJ5tSxD', customer_id: 'cus_acme' },
      },
      schema: {
        tags: ['Customers'],
        operationId: 'addMapping',
        summary: "Say that an agent, number or metadata value is a customer's",
        description: 'Saying it again changes nothing.',
        body: mapping.strict(),
        response: { 201: mapping },
      },
    },
    async (request, reply) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      return reply.code(201).send(await addMapping(talktime.database, caller.partnerId, caller.actor, request.body));
    },
  );

  app.delete(
    '/v1/mappings/:kind/:value',
    {
      config: {
        access: { scope: 'manage', tenancy: 'partner' },
        problems: ['MAPPING_NOT_FOUND', 'CUSTOMER_KEY_LIMITED'],
      },
      schema: {
        tags: ['Customers'],
        operationId: 'removeMapping',
        summary: 'Forget a mapping',
        description: 'Calls that were charged by it stay as they are.',
        params: z.object({ kind: mappingKind, value: z.string().min(1).max(200) }),
        response: { 204: nothing },
      },
    },
    async (request, reply) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      await removeMapping(talktime.database, caller.partnerId, caller.actor, request.params.kind, request.params.value);
      return reply.code(204).send();
    },
  );
};
