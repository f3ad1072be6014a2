import type { Type } from '@nestjs/common';
import { METHOD_METADATA } from '@nestjs/common/constants.js';
import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import { GATE } from './gate.metadata.js';

/** Routes (`Controller.method`) that say neither what they need of the license nor why they need nothing. */
export function undeclaredRoutes(modules: ModulesContainer, exempt: readonly Type[]): string[] {
  const controllers = [...modules.values()].flatMap((module) => [...module.controllers.values()]);
  return controllers.flatMap(({ metatype }) => {
    if (typeof metatype !== 'function' || exempt.includes(metatype as Type)) return [];
    if (Reflect.hasMetadata(GATE, metatype)) return [];
    const prototype = metatype.prototype as Record<string, object>;
    return new MetadataScanner()
      .getAllMethodNames(prototype)
      .filter((name) => Reflect.hasMetadata(METHOD_METADATA, prototype[name] as object))
      .filter((name) => !Reflect.hasMetadata(GATE, prototype[name] as object))
      .map((name) => `${metatype.name}.${name}`);
  });
}
